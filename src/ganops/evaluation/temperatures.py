"""Measure a generator of text at several temperatures: what quality costs in diversity.

A lower temperature gives likelier lines, which are more alike; so a generator is a curve and not a point, and two of
them are compared at equal diversity (Caccia et al. 2020, "Language GANs Falling Short", section 3).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from jaxtyping import Shaped
from torch import Tensor

from ganops.data.store import Store
from ganops.evaluation.evaluator import CanGenerate, read_held_out
from ganops.evaluation.measures import MEASURES
from ganops.evaluation.oracle import OracleLikelihood
from ganops.evaluation.protocol import REFERENCE
from ganops.evaluation.report import HELD_OUT
from ganops.evaluation.requirements import sample_count
from ganops.evaluation_config import EvaluationParameters
from ganops.extractors.base import FeatureExtractor, extract
from ganops.games.request import TextRequest
from ganops.hardware import thread_count
from ganops.metrics.fid import frechet_distance
from ganops.metrics.moments import moments_of

SUBJECT, TEMPERATURE = "subject", "temperature"
_ROWS_AT_ONCE = 1024

Metrics = dict[str, float]


@dataclass(frozen=True)
class Sweep:
    """At which temperatures a generator is measured, on n samples of one seed each; by the data's law, if known."""

    temperatures: Sequence[float]
    n: int
    seed: int
    oracle: OracleLikelihood | None = None

    @classmethod
    def of(cls, store: Store, parameters: EvaluationParameters) -> "Sweep | None":
        """Return that of the parameters; None where they name no temperature."""
        if not parameters.temperatures:
            return None
        n = sample_count(parameters.n, len(store.indices("held_out")))
        return cls(parameters.temperatures, n, parameters.seeds[0], OracleLikelihood.of(store, parameters))


def measure_temperatures(
    generator: CanGenerate, store: Store, extractor: FeatureExtractor, threads: int, sweep: Sweep
) -> pd.DataFrame:
    """Return a row for each temperature, ascending, and one for as many held-out samples.

    The columns are `subject`, `temperature` (none of held-out samples), the Fréchet distance by its qualified name, and
    the metrics of the samples themselves.
    """
    with thread_count(threads):
        measure = _make_measure(store, extractor, sweep.oracle)
        rows = [
            {SUBJECT: "generator", TEMPERATURE: temperature, **measure(_draw(generator, sweep, temperature))}
            for temperature in sorted(sweep.temperatures)
        ]
        held_out = measure(read_held_out(store, extractor.field, sweep.n).values)
    return pd.DataFrame([*rows, {SUBJECT: HELD_OUT, TEMPERATURE: None, **held_out}])


def _draw(generator: CanGenerate, sweep: Sweep, temperature: float) -> Shaped[Tensor, "n *shape"]:
    return generator.generate(TextRequest(n=sweep.n, seed=sweep.seed, temperature=temperature)).values


def _make_measure(
    store: Store, extractor: FeatureExtractor, oracle: OracleLikelihood | None
) -> Callable[[Tensor], Mapping[str, float]]:
    """Return stored samples → metrics against the training samples."""
    kind = MEASURES[extractor.field]
    features = [extract(extractor, torch.from_numpy(rows)).values for rows in _read_training(store, extractor.field)]
    moments = moments_of(np.concatenate(features))
    reference = kind.merge(map(kind.measure, _read_training(store, extractor.field)))

    def measure(samples: Tensor) -> Metrics:
        distance = frechet_distance(moments_of(extract(extractor, samples).values), moments)
        statistics = kind.measure(samples.numpy())
        assert statistics is not None, extractor.field
        of_oracle = oracle.measure(samples) if oracle else {}
        return {f"fid_{extractor.name}": distance, **statistics.compare(reference), **of_oracle}

    return measure


def _read_training(store: Store, field: str) -> Iterator[np.ndarray]:
    indices = store.indices(REFERENCE)
    for start in range(0, len(indices), _ROWS_AT_ONCE):
        yield store.read(field, indices[start : start + _ROWS_AT_ONCE])
