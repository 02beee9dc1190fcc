"""Every metric of a generator or of given pictures, each with the protocol under which it was measured. Torch-free."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

GENERATOR = "generator"
SAMPLES = "samples"
HELD_OUT = "held_out"
CLASSIFIER = "classifier"
IMAGES_SEEN = "images_seen"
COLUMNS = ("subject", "metric", "mean", "sd", "n", "seeds", "features", "weights", "reference")


@dataclass(frozen=True)
class Protocol:
    """How was measured; says nothing of the generator. Numbers are comparable where protocols are equal.

    Attributes:
        features, weights: the extractor's name and the sha256 of its weights.
        resize: how pictures are made to fit the extractor.
        n: samples judged, of the generator and of held_out alike.
        reference, reference_n: the split that both are compared with.
        seeds: evaluation seeds, each of which draws n samples.
        store: digest of the data.
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


@dataclass(frozen=True)
class SamplesProtocol(Protocol):
    """That of given pictures, each seed drawing n of them.

    Attributes:
        samples_given: how many there are.
        samples_fitted: how many had another size or number of channels than the store.
    """

    samples_given: int
    samples_fitted: int


@dataclass(frozen=True)
class Estimate:
    """The mean over evaluation seeds, and their standard deviation (N − 1); None for a single value."""

    mean: float
    sd: float | None

    @classmethod
    def of(cls, values: list[float]) -> "Estimate":
        """The estimate from one value a seed."""
        return cls(float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None)

    def to_json(self) -> dict[str, float]:
        """Without `sd` where there is none: absent, not zero."""
        return {"mean": self.mean} if self.sd is None else {"mean": self.mean, "sd": self.sd}


@dataclass(frozen=True)
class GeneratorIdentity:
    """The fingerprint of a generator's training and the sha256 of its weights; no part of the protocol."""

    fingerprint: str
    weights_sha256: str


@dataclass(frozen=True)
class Report:
    """Metrics of what is judged, and of the real `held_out` pictures as its floor, at equal n.

    A metric that cannot be had is absent.

    Attributes:
        subject: GENERATOR or SAMPLES: whose metrics `judged` are.
        classifier: how good the judge is: split → share that it names rightly; empty for a judge of other classes.
        curve: images seen → what is cheap to measure, of the first seed's samples of the generator as it was then.
        bundle: the evaluated generator; None for given pictures.
    """

    subject: str
    judged: Mapping[str, Estimate]
    held_out: Mapping[str, Estimate]
    classifier: Mapping[str, float]
    protocol: Protocol
    curve: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    bundle: GeneratorIdentity | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the stored form: {"metrics": {subject: {metric: {"mean", "sd"}}}, "protocol": {…}} and identities.

        `bundle` is the identity of the generator, `metric_curve_sha256` the `table_digest` of the curve, each if any.
        """
        metrics: dict[str, Any] = {
            self.subject: {name: value.to_json() for name, value in self.judged.items()},
            HELD_OUT: {name: value.to_json() for name, value in self.held_out.items()},
        }
        if self.classifier:
            metrics[CLASSIFIER] = {f"accuracy_{split}": share for split, share in self.classifier.items()}
        protocol = {**asdict(self.protocol), "seeds": list(self.protocol.seeds)}
        return {"metrics": metrics, "protocol": protocol, **self._identities()}

    def _identities(self) -> dict[str, Any]:
        bundle = {"bundle": asdict(self.bundle)} if self.bundle else {}
        return bundle | ({"metric_curve_sha256": table_digest(self.curve_table())} if self.curve else {})

    def table(self) -> pd.DataFrame:
        """One row a subject and metric, with its protocol; columns are COLUMNS."""
        rows = [
            self._row(subject, name, value)
            for subject, values in ((self.subject, self.judged), (HELD_OUT, self.held_out))
            for name, value in values.items()
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def curve_table(self) -> pd.DataFrame:
        """The curve: a row a snapshot, columns images_seen and the metrics."""
        rows = [{IMAGES_SEEN: images_seen, **values} for images_seen, values in sorted(self.curve.items())]
        return pd.DataFrame(rows) if rows else pd.DataFrame(columns=[IMAGES_SEEN])

    def _row(self, subject: str, name: str, value: Estimate) -> tuple:
        protocol = self.protocol
        # Nothing is drawn for real pictures: they have no seeds.
        seeds = " ".join(map(str, protocol.seeds)) if subject == self.subject else ""
        measured = (subject, name, value.mean, value.sd, protocol.n, seeds)
        return (*measured, protocol.features, protocol.weights, protocol.reference)


def table_digest(table: pd.DataFrame) -> str:
    """Return the sha256 of the table as CSV."""
    return hashlib.sha256(table.to_csv(index=False, lineterminator="\n").encode()).hexdigest()
