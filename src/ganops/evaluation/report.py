"""The report: every metric of a generator or of external samples, with the protocol of its measurement. Torch-free."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ganops.errors import MetricError

FORMAT = "ganops-report-3"
GENERATOR = "generator"
SAMPLES = "samples"
HELD_OUT = "held_out"
IMAGES_SEEN = "images_seen"
COLUMNS = ("subject", "metric", "mean", "sd", "n", "seeds", "features", "weights", "reference")
PIXEL_METRICS = ("fwd", "nyquist_db")
"""Metrics that use no features: their names are complete."""
PIXEL_KEYS = ("wavelet_packets", "nyquist_band")
"""The keys of the protocol that the pixel metrics alone depend on."""
_DIGESTS = ("weights", "store")
_DIGITS_OF_DIGEST = 12


@dataclass(frozen=True)
class Protocol:
    """The measurement, without the generator. Numbers are comparable where protocols are equal.

    Attributes:
        features: name of the feature extractor.
        weights: sha256 of its weights.
        resize: how pictures are resized for it.
        n: samples measured, of the generator and of held_out alike.
        reference: the split that both are compared with.
        reference_n: its number of samples.
        seeds: evaluation seeds; for each, n samples are drawn.
        nearest_neighbours: k of precision and recall.
        kid_subset_size: of the kernel distance.
        kid_subsets: of the kernel distance.
        inception_score_splits: of the Inception Score.
        store: digest of the data.
        wavelet_packets: transform, level and padding of the wavelet distance; None for samples without pixels.
        nyquist_band: frequencies near the Nyquist frequency, and window; None for samples without pixels.
    """

    features: str
    weights: str
    resize: str
    n: int
    reference: str
    reference_n: int
    seeds: tuple[int, ...]
    nearest_neighbours: int
    kid_subset_size: int
    kid_subsets: int
    inception_score_splits: int
    store: str
    wavelet_packets: str | None = field(default=None, kw_only=True)
    nyquist_band: str | None = field(default=None, kw_only=True)

    def qualify(self, metric: str) -> str:
        """Return the name of a metric outside the report, with its features if it uses them: `fid_classifier`."""
        return metric if metric in PIXEL_METRICS else f"{metric}_{self.features}"

    def to_json(self) -> dict[str, Any]:
        """Return the protocol as JSON values, without what does not apply."""
        values = {name: value for name, value in asdict(self).items() if value is not None}
        return {**values, "seeds": list(self.seeds)}

    def __str__(self) -> str:
        """Return every part in one line, digests shortened."""
        return ", ".join(f"{name} {_format(name, value)}" for name, value in self.to_json().items())


@dataclass(frozen=True)
class SamplesProtocol(Protocol):
    """The protocol of external samples; n of them are drawn for each seed.

    Attributes:
        samples_given: how many there are.
        samples_fitted: how many had another size or number of channels than the store.
    """

    samples_given: int
    samples_fitted: int


@dataclass(frozen=True)
class PairedProtocol(Protocol):
    """The protocol of a generator whose samples have targets: row i of held_out conditions sample i.

    Attributes:
        paired_metrics: names of the metrics that compare samples with their targets and use no features.
    """

    paired_metrics: tuple[str, ...]

    def qualify(self, metric: str) -> str:
        """Return the name of a metric outside the report, with its features if it uses them."""
        return metric if metric in self.paired_metrics else super().qualify(metric)

    def to_json(self) -> dict[str, Any]:
        """Return the protocol as JSON values."""
        return {**super().to_json(), "paired_metrics": list(self.paired_metrics)}


@dataclass(frozen=True)
class Estimate:
    """The mean over evaluation seeds, and their standard deviation (N − 1); None for a single value."""

    mean: float
    sd: float | None = None

    @classmethod
    def of(cls, values: list[float]) -> "Estimate":
        """Return the estimate of one value per seed."""
        return cls(float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None)

    def to_json(self) -> dict[str, float]:
        """Return JSON values, without `sd` where there is none."""
        return {"mean": self.mean} if self.sd is None else {"mean": self.mean, "sd": self.sd}

    def __str__(self) -> str:
        """Return `mean ± sd` for tables."""
        return f"{self.mean:.4g}" + ("" if self.sd is None else f" ± {self.sd:.2g}")


@dataclass(frozen=True)
class GeneratorIdentity:
    """The fingerprint of a generator's training and the sha256 of its weights; no part of the protocol."""

    fingerprint: str
    weights_sha256: str


@dataclass(frozen=True)
class Report:
    """The metrics of a generator or of external samples, and of as many held-out samples (the floor).

    Metrics have plain names, such as `fid`: the protocol names the features. A metric that does not apply is absent.

    Attributes:
        subject: GENERATOR or SAMPLES.
        metrics: of the subject.
        held_out: the floor.
        accuracies: of the extractor: split → share that it classifies correctly; empty where it is no classifier of
            the data.
        protocol: of the measurement.
        curve: images seen → the cheap metrics of the snapshot, by the first seed. It is stored as a table of its own:
            a report that was read has none.
        curve_sha256: `table_digest` of the curve; None without one.
        bundle: the evaluated generator; None for external samples.
    """

    subject: str
    metrics: Mapping[str, Estimate]
    held_out: Mapping[str, Estimate]
    accuracies: Mapping[str, float]
    protocol: Protocol
    curve: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    curve_sha256: str | None = None
    bundle: GeneratorIdentity | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the stored form: format, metrics by subject, accuracies, protocol and, if any, bundle and curve."""
        values = {
            "format": FORMAT,
            "metrics": {
                self.subject: {name: value.to_json() for name, value in self.metrics.items()},
                HELD_OUT: {name: value.to_json() for name, value in self.held_out.items()},
            },
            "classifier_accuracy": dict(self.accuracies),
            "protocol": self.protocol.to_json(),
        }
        if self.bundle:
            values["bundle"] = asdict(self.bundle)
        if self.curve_sha256:
            values["metric_curve_sha256"] = self.curve_sha256
        return values

    @classmethod
    def from_json(cls, values: Any) -> "Report":
        """Return the report of the stored form; MetricError where it has another format or lacks a part."""
        found = values.get("format", "none") if isinstance(values, Mapping) else "no report"
        if found != FORMAT:
            raise _make_error(f"the format {FORMAT}", str(found))
        try:
            return _parse(values)
        except (KeyError, TypeError, ValueError) as error:
            raise _make_error("a whole report", f"{type(error).__name__}: {error}") from None

    def table(self) -> pd.DataFrame:
        """Return a row per subject and metric, with its protocol; the columns are COLUMNS."""
        rows = [
            self._row(subject, name, value)
            for subject, values in ((self.subject, self.metrics), (HELD_OUT, self.held_out))
            for name, value in values.items()
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def curve_table(self) -> pd.DataFrame:
        """Return a row per snapshot: images_seen, then the metrics by their qualified names."""
        rows = [
            {IMAGES_SEEN: images_seen, **{self.protocol.qualify(name): value for name, value in values.items()}}
            for images_seen, values in sorted(self.curve.items())
        ]
        return pd.DataFrame(rows) if rows else pd.DataFrame(columns=[IMAGES_SEEN])

    def require_curve(self, curve: pd.DataFrame) -> None:
        """Raise MetricError where a stored curve belongs to another evaluation."""
        found = table_digest(curve)
        if self.curve_sha256 != found:
            raise MetricError(
                "the report",
                expected=f"the report of the metric curve with the sha256 {found:.12}",
                received=f"one of the curve {self.curve_sha256!s:.12}",
                remedy="Evaluate again, with the same --env and --params: `kedro run --from-nodes evaluate`.",
            )

    def _row(self, subject: str, name: str, value: Estimate) -> tuple:
        protocol = self.protocol
        # Real samples are not drawn by seeds.
        seeds = " ".join(map(str, protocol.seeds)) if subject == self.subject else ""
        measured = (subject, name, value.mean, value.sd, protocol.n, seeds)
        return (*measured, protocol.features, protocol.weights, protocol.reference)


def _format(name: str, value: Any) -> str:
    if name in _DIGESTS:
        return value[:_DIGITS_OF_DIGEST]
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def table_digest(table: pd.DataFrame) -> str:
    """Return the sha256 of the table as CSV."""
    return hashlib.sha256(table.to_csv(index=False, lineterminator="\n").encode()).hexdigest()


def _parse(values: Mapping[str, Any]) -> Report:
    metrics = values["metrics"]
    subject = SAMPLES if SAMPLES in metrics else GENERATOR
    return Report(
        subject=subject,
        metrics={name: Estimate(**value) for name, value in metrics[subject].items()},
        held_out={name: Estimate(**value) for name, value in metrics[HELD_OUT].items()},
        accuracies=values["classifier_accuracy"],
        protocol=_parse_protocol(values["protocol"]),
        curve_sha256=values.get("metric_curve_sha256"),
        bundle=GeneratorIdentity(**values["bundle"]) if "bundle" in values else None,
    )


def _parse_protocol(values: Mapping[str, Any]) -> Protocol:
    parts: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    if "samples_given" in parts:
        return SamplesProtocol(**parts)
    return PairedProtocol(**parts) if "paired_metrics" in parts else Protocol(**parts)


def _make_error(expected: str, received: str) -> MetricError:
    return MetricError(
        "the report",
        expected=expected,
        received=received,
        remedy="Evaluate again, with the same --env and --params: `kedro run --from-nodes evaluate`; "
        "external samples: `kedro run --pipelines evaluate_samples --params evaluation.samples=FOLDER`.",
    )
