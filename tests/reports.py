"""Reports with chosen metrics, as an evaluation returns them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ganops.evaluation.report import GENERATOR, SAMPLES, Estimate, Protocol, Report, SamplesProtocol

PROTOCOL: dict[str, Any] = {
    "features": "classifier",
    "weights": "ab" * 32,
    "resize": "none",
    "n": 10,
    "reference": "train",
    "reference_n": 35,
    "seeds": (1, 2),
    "nearest_neighbours": 3,
    "kid_subset_size": 5,
    "kid_subsets": 2,
    "inception_score_splits": 1,
    "store": "5d" * 32,
}

CURVE = pd.DataFrame({"images_seen": [20, 40, 60, 80, 96], "fid_classifier": [9.0, 6.4, 5.1, 4.5, 4.1]})


def make_report(
    metrics: Mapping[str, Estimate | float], held_out: Mapping[str, float] | None = None, **protocol: Any
) -> Report:
    """Return a report on a generator; on external samples where the protocol has their counts."""
    values = PROTOCOL | protocol
    kind = SamplesProtocol if "samples_given" in values else Protocol
    return Report(
        subject=SAMPLES if kind is SamplesProtocol else GENERATOR,
        metrics={name: value if isinstance(value, Estimate) else Estimate(value) for name, value in metrics.items()},
        held_out={name: Estimate(value) for name, value in (held_out or {}).items()},
        accuracies={},
        protocol=kind(**values),
    )
