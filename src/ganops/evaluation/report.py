"""The report: every metric of a generator or of external samples, with the protocol of its measurement. Torch-free."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ganops.config import CYCLE_METRICS, ORACLE_NLL
from ganops.errors import MetricError

FORMAT = "ganops-report-3"
GENERATOR = "generator"
SAMPLES = "samples"
VOID = "void"
HELD_OUT = "held_out"
IMAGES_SEEN = "images_seen"
COLUMNS = ("subject", "metric", "mean", "sd", "n", "seeds", "features", "weights", "reference", "void")
PIXEL_METRICS = ("fwd", "nyquist_db")
"""Metrics that use no features: their names are complete."""
TEXT_METRICS = ("bleu", "self_bleu", "distinct_1", "distinct_2", "duplicates", ORACLE_NLL, "nll")
"""Metrics of text that use no features: their names are complete."""
WITHOUT_FEATURES = (*PIXEL_METRICS, *TEXT_METRICS, *CYCLE_METRICS)
FURTHER_KEYS = ("further_features", "further_weights")
"""The keys of the protocol that the metrics of further features alone depend on."""
PIXEL_KEYS = ("wavelet_packets", "nyquist_band")
"""The keys of the protocol that the pixel metrics alone depend on."""
TEXT_KEYS = ("bleu", "oracle")
"""The keys of the protocol that metrics of text alone depend on."""
_OPTIONAL = (
    *PIXEL_KEYS,
    *TEXT_KEYS,
    *FURTHER_KEYS,
    "conditions",
    "lpips_weights",
    "samples_silent",
    "samples_clipped",
)
_DIGESTS = ("weights", "store", "further_weights", "lpips_weights")
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
        bleu: how it is computed; None for samples that are no text.
        oracle: how `oracle_nll` is computed; None where the law of the data is unknown.
        further_features: names of further extractors, whose metrics have complete names: `fid_efficientnet_lite2`.
        further_weights: sha256 of the weights of each.
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
    bleu: str | None = field(default=None, kw_only=True)
    oracle: str | None = field(default=None, kw_only=True)
    further_features: tuple[str, ...] = field(default=(), kw_only=True)
    further_weights: tuple[str, ...] = field(default=(), kw_only=True)

    def find_features(self, metric: str) -> str | None:
        """Return the features that a metric of the report uses; None where it uses none."""
        if metric in WITHOUT_FEATURES:
            return None
        return next((name for name in self.further_features if metric.endswith(f"_{name}")), self.features)

    def find_weights(self, features: str) -> str:
        """Return the sha256 of the weights of some features of the protocol."""
        further = zip(self.further_features, self.further_weights, strict=True)
        return {self.features: self.weights, **dict(further)}[features]

    def qualify(self, metric: str) -> str:
        """Return the name of a metric outside the report, with its features if it uses them: `fid_classifier`."""
        features = self.find_features(metric)
        return metric if features is None or metric.endswith(f"_{features}") else f"{metric}_{features}"

    def to_json(self) -> dict[str, Any]:
        """Return the protocol as JSON values, without what does not apply."""
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return {name: value for name, value in values.items() if name not in _OPTIONAL or value}

    def __str__(self) -> str:
        """Return every part in one line, digests shortened."""
        return ", ".join(f"{name} {_format(name, value)}" for name, value in self.to_json().items())


@dataclass(frozen=True)
class SamplesProtocol(Protocol):
    """The protocol of external samples; n of them are drawn for each seed.

    Attributes:
        samples_given: how many there are.
        samples_fitted: how many had another size or number of channels than the store.
        samples_silent: how many are silent clips.
        samples_clipped: how many are clipped clips.
    """

    samples_given: int
    samples_fitted: int
    samples_silent: int = 0
    samples_clipped: int = 0


@dataclass(frozen=True)
class PairedProtocol(Protocol):
    """The protocol of a generator whose samples have targets: row i of held_out conditions sample i.

    Attributes:
        paired_metrics: names of the metrics that compare samples with their targets and use no features of the
            protocol.
        conditions: how those are drawn that the data do not hold.
        lpips_weights: sha256 of the weights of LPIPS; None without it.
    """

    paired_metrics: tuple[str, ...]
    conditions: str = ""
    lpips_weights: str | None = None

    def find_features(self, metric: str) -> str | None:
        """Return the features that a metric of the report uses; None where it uses none."""
        return None if metric in self.paired_metrics else super().find_features(metric)


@dataclass(frozen=True)
class Estimate:
    """The mean over evaluation seeds, and their standard deviation (N − 1); None for a single value."""

    mean: float
    sd: float | None = None

    @classmethod
    def of(cls, values: list[float]) -> "Estimate":
        """Return the estimate of one value per seed."""
        if len(values) > 1 and len({*values}) == 1:  # The rounded sum may not be their multiple.
            return cls(values[0], 0.0)
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
        trained_features: features that its training used: metrics by them are void.
    """

    subject: str
    metrics: Mapping[str, Estimate]
    held_out: Mapping[str, Estimate]
    accuracies: Mapping[str, float]
    protocol: Protocol
    curve: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    curve_sha256: str | None = None
    bundle: GeneratorIdentity | None = None
    trained_features: tuple[str, ...] = ()

    def is_void(self, metric: str) -> bool:
        """Return whether a metric is by features that the generator's training used, and so says nothing about it."""
        return self.protocol.find_features(metric) in self.trained_features

    def mark(self, metric: str) -> str:
        """Return the generator's value of a metric as text, marked where it is void; – where there is none."""
        value = str(self.metrics.get(metric, "–"))
        return f"{value} ({VOID})" if metric in self.metrics and self.is_void(metric) else value

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
        if self.trained_features:
            values["trained_features"] = list(self.trained_features)
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
        features = protocol.find_features(name)
        weights = protocol.find_weights(features) if features else ""
        return (*measured, features or "", weights, protocol.reference, subject == self.subject and self.is_void(name))


def _format(name: str, value: Any) -> str:
    values = value if isinstance(value, list) else [value]
    return " ".join(str(one)[:_DIGITS_OF_DIGEST] if name in _DIGESTS else str(one) for one in values)


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
        trained_features=tuple(values.get("trained_features", ())),
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
