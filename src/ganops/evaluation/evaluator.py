"""Measure samples, and real samples that no generator was trained on, against the training samples by one protocol.

The distance of `held_out` from `train` is the floor: the value of real data that were not trained on. Both are measured
at the same n, because every one of these metrics depends on it. Where splits keep the proportions of the classes, the
floor of `reverse_kl` is lower than what a perfect generator would reach, see `metrics.modes`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations
from typing import Protocol as StructuralType
from typing import cast, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from ganops.data.progress import Progress, Tick, Ticks, no_progress
from ganops.data.store import Store
from ganops.evaluation.distances import FeatureReference, read_reference
from ganops.evaluation.measures import MEASURES, Statistics
from ganops.evaluation.oracle import OracleLikelihood
from ganops.evaluation.paired import CanGenerateFrom, Pairing, choose_held_out
from ganops.evaluation.protocol import REFERENCE, add_paired_metrics, make_protocol
from ganops.evaluation.report import (
    GENERATOR,
    Estimate,
    Protocol,
    Report,
    table_digest,
)
from ganops.evaluation.requirements import check_evaluable, check_no_external_samples, sample_count
from ganops.evaluation_config import EvaluationParameters
from ganops.extractors.base import FeatureExtractor, Features, extract
from ganops.extractors.build import open_further, open_lpips
from ganops.extractors.lpips import Lpips
from ganops.games.game import Domains
from ganops.games.request import GenerationRequest
from ganops.hardware import thread_count
from ganops.metrics.inception_score import inception_score
from ganops.metrics.modes import modes, reverse_kl
from ganops.metrics.precision_recall import check_neighbours
from ganops.sampling import Samples

# Rows read from the store at once; more would only cost memory.
_ROWS_AT_ONCE = 1024

# n and an evaluation seed → n samples.
Draw = Callable[[int, int], Samples]
Metrics = dict[str, float]


@runtime_checkable
class CanGenerate(StructuralType):
    """What can be evaluated: a bundle, or a generator in training."""

    def generate(self, request: GenerationRequest) -> Samples:
        """Return the samples of a request."""
        ...


@runtime_checkable
class CanScore(StructuralType):
    """What knows how likely real samples are under it, where `scores` names such values."""

    @property
    def scores(self) -> tuple[str, ...]:
        """Return the names of the values."""
        ...

    def score(self, samples: Tensor) -> Metrics:
        """Return name → mean over stored samples."""
        ...


@dataclass(frozen=True)
class ReferenceStats:
    """Statistics of the training samples, computed once.

    Attributes:
        features: in the features of the protocol.
        frequencies: share of each class.
        samples: of the samples themselves; None where the field has no such metrics.
        further: in the features of each further extractor.
    """

    features: FeatureReference
    frequencies: Float64[np.ndarray, " classes"]
    samples: Statistics | None
    further: tuple[FeatureReference, ...]


@dataclass(frozen=True)
class _RealData:
    reference: ReferenceStats
    held_out: Metrics


@dataclass(frozen=True)
class _Targets:
    """What samples with conditions are compared with; it depends on no seed.

    Attributes:
        values: row i is the target of sample i, as stored.
        conditions: row i are those of sample i.
        baselines: the metrics of the baselines, which are the same for all seeds.
    """

    pairing: Pairing
    values: Tensor
    conditions: Mapping[str, Tensor]
    baselines: Metrics

    def measure(self, samples: Tensor) -> Metrics:
        """Return the paired metrics of the samples, and all metrics of the baselines."""
        return {**self.pairing.measure(samples, self.values, self.conditions), **self.baselines}


@dataclass
class Evaluator:
    """Computes all metrics of a report; caches the statistics of the training samples and the floor.

    Attributes:
        store: the data.
        extractor: of the features.
        protocol: of the report.
        threads: CPU threads.
        progress: wraps the samples; the training samples count twice, since their pairwise distances take as long.
        further: extractors of further features.
        oracle: the law of the data, where it is known.
        lpips: the distance of samples and targets; None without its weights.
    """

    store: Store
    extractor: FeatureExtractor
    protocol: Protocol
    threads: int
    progress: Progress
    further: tuple[FeatureExtractor, ...] = ()
    oracle: OracleLikelihood | None = None
    lpips: Lpips | None = None
    _real: _RealData | None = field(default=None, init=False)

    @classmethod
    def open(
        cls, store: Store, extractor: FeatureExtractor, parameters: EvaluationParameters, progress: Progress
    ) -> "Evaluator":
        """Return the evaluator of this data; MetricError where weights or packages are missing."""
        further = open_further(store, parameters)
        protocol = make_protocol(store, extractor, parameters, further)
        oracle, lpips = OracleLikelihood.of(store, parameters), open_lpips(parameters)
        return cls(store, extractor, protocol, parameters.threads, progress, further, oracle, lpips)

    def evaluate(
        self,
        generator: CanGenerate | CanGenerateFrom,
        snapshots: Mapping[int, CanGenerate | CanGenerateFrom] | None = None,
        pairing: Pairing | None = None,
    ) -> Report:
        """Return the report on a generator: mean and sd over the evaluation seeds, and the floor.

        Args:
            generator: the generator.
            snapshots: images seen → the generator at that time; their metrics are the curve of the report.
            pairing: where samples depend on conditions: these are rows of held_out, and row i gives sample i.
        """
        conditions = pairing and pairing.read_conditions(self.store, self._choose_conditions(pairing))
        draws = {images_seen: _make_draw(one, conditions) for images_seen, one in (snapshots or {}).items()}
        report = self.report(GENERATOR, _make_draw(generator, conditions), draws, pairing)
        return self._add_scores(report, generator, snapshots or {})

    def report(self, subject: str, draw: Draw, snapshots: Mapping[int, Draw], pairing: Pairing | None = None) -> Report:
        """Return the report on the samples that `draw` returns.

        Args:
            subject: GENERATOR or SAMPLES.
            draw: n and a seed → samples.
            snapshots: images seen → samples of a snapshot; only its cheap metrics are computed, for the first seed.
            pairing: of samples and targets.
        """
        n, seeds = self.protocol.n, self.protocol.seeds
        pairing = pairing.with_lpips(self.lpips) if pairing and self.lpips else pairing
        spaces = 1 + len(self.further)
        real_samples = 0 if self._real else spaces * (2 * self.protocol.reference_n + n)
        drawn = spaces * len(seeds) + len(snapshots) + (len(pairing.baselines) if pairing else 0)
        tick = Ticks(self.progress, real_samples + drawn * n)
        with thread_count(self.threads):
            self._real = real = self._real or self._measure_real(tick)
            targets = pairing and self._read_targets(pairing, real.reference, tick)
            by_seed = [self._measure_seed(draw, seed, real.reference, targets, tick) for seed in seeds]
            diversity = self._measure_diversity(draw, targets) if targets else {}
            curve = {
                images_seen: self._evaluate_snapshot(draw_one(n, seeds[0]), real.reference, tick)
                for images_seen, draw_one in snapshots.items()
            }
        tick.end()
        report = Report(
            subject=subject,
            metrics={name: Estimate.of([values[name] for values in by_seed]) for name in by_seed[0]} | diversity,
            held_out={name: Estimate.of([value]) for name, value in real.held_out.items()},
            accuracies=dict(self.extractor.accuracies),
            protocol=add_paired_metrics(self.protocol, pairing),
            curve=curve,
        )
        return replace(report, curve_sha256=table_digest(report.curve_table())) if curve else report

    def _add_scores(self, report: Report, generator: object, snapshots: Mapping[int, object]) -> Report:
        """Add what the game says of held-out samples, such as their likelihood, for the generator and its snapshots."""
        if not isinstance(generator, CanScore) or not generator.scores:
            return report
        held_out = read_held_out(self.store, self.extractor.field, self.protocol.n).values
        with thread_count(self.threads):
            metrics = {name: Estimate(value) for name, value in generator.score(held_out).items()}
            scores = {seen: one.score(held_out) for seen, one in snapshots.items() if isinstance(one, CanScore)}
        curve = {seen: {**values, **scores[seen]} for seen, values in report.curve.items()}
        report = replace(report, metrics={**report.metrics, **metrics}, curve=curve)
        return replace(report, curve_sha256=table_digest(report.curve_table())) if curve else report

    def _measure_seed(
        self, draw: Draw, seed: int, reference: ReferenceStats, targets: _Targets | None, tick: Tick
    ) -> Metrics:
        samples = draw(self.protocol.n, seed)
        values = self._measure(samples, reference, tick)
        return values if targets is None else values | targets.measure(samples.values)

    def _measure_diversity(self, draw: Draw, targets: _Targets) -> dict[str, Estimate]:
        """Compare the samples of each two seeds, of two where there is one."""
        if not targets.pairing.diversity:
            return {}
        first, *others = self.protocol.seeds
        seeds = (first, *(others or [first + 1]))
        pairs = list(combinations([draw(self.protocol.n, seed).values for seed in seeds], 2))
        return {
            name: Estimate.of([metric(one, other, targets.conditions) for one, other in pairs])
            for name, metric in targets.pairing.diversity.items()
        }

    def _choose_conditions(self, pairing: Pairing) -> Int64[np.ndarray, " n"]:
        return choose_held_out(self.store, self.protocol.n, pairing.domains and pairing.domains.source)

    def _read_targets(self, pairing: Pairing, reference: ReferenceStats, tick: Tick) -> _Targets:
        rows = self._choose_conditions(pairing)
        conditions, values = pairing.read_conditions(self.store, rows), self.store.read(pairing.target, rows)
        targets, metrics = torch.from_numpy(values), {}
        for name, baseline in pairing.baselines.items():
            filled = baseline(conditions)
            distance = reference.features.measure_distance(extract(self.extractor, filled, tick))
            measured = {"fid": distance, **pairing.measure(filled, targets, conditions)}
            metrics |= {f"{metric}_{name}": value for metric, value in measured.items()}
        return _Targets(pairing, targets, conditions, metrics)

    def _measure_real(self, tick: Tick) -> _RealData:
        reference = self._measure_reference(tick)
        held_out = read_held_out(self.store, self.extractor.field, self.protocol.n)
        return _RealData(reference, self._measure(held_out, reference, tick))

    def _measure_reference(self, tick: Tick) -> ReferenceStats:
        count, nearest = self.protocol.reference_n, self.protocol.nearest_neighbours
        references = [
            read_reference(extractor, self._read_training_samples(), count, nearest, tick)
            for extractor in (self.extractor, *self.further)
        ]
        measure = MEASURES[self.extractor.field]
        samples = measure.merge(map(measure.measure, self._read_training_samples()))
        return ReferenceStats(references[0], self.store.class_frequencies(REFERENCE), samples, tuple(references[1:]))

    def _read_training_samples(self) -> Iterator[np.ndarray]:
        indices = self.store.indices(REFERENCE)
        for start in range(0, len(indices), _ROWS_AT_ONCE):
            yield self.store.read(self.extractor.field, indices[start : start + _ROWS_AT_ONCE])

    def _measure(self, samples: Samples, reference: ReferenceStats, tick: Tick) -> Metrics:
        features = extract(self.extractor, samples.values, tick)
        values = reference.features.measure_all(features, self.protocol)
        if features.probabilities is not None:
            values["inception_score"] = inception_score(features.probabilities)
        values |= self._measure_samples(samples, reference) | self._measure_classes(features, samples, reference)
        return values | self._measure_further(samples, reference, tick)

    def _evaluate_snapshot(self, samples: Samples, reference: ReferenceStats, tick: Tick) -> Metrics:
        features = extract(self.extractor, samples.values, tick)
        values = {"fid": reference.features.measure_distance(features)}
        return values | self._measure_samples(samples, reference) | self._measure_classes(features, samples, reference)

    def _measure_samples(self, samples: Samples, reference: ReferenceStats) -> Metrics:
        statistics = MEASURES[self.extractor.field].measure(samples.values.numpy())
        values = statistics.compare(reference.samples) if statistics and reference.samples else {}
        return values | (self.oracle.measure(samples.values) if self.oracle else {})

    def _measure_further(self, samples: Samples, reference: ReferenceStats, tick: Tick) -> Metrics:
        return {
            f"{metric}_{extractor.name}": value
            for extractor, space in zip(self.further, reference.further, strict=True)
            for metric, value in space.measure_briefly(extract(extractor, samples.values, tick), self.protocol).items()
        }

    def _measure_classes(self, features: Features, samples: Samples, reference: ReferenceStats) -> Metrics:
        """Compute the metrics that need the classes of the data; none where the extractor has no probabilities of them.

        `class_accuracy` needs labels of the samples. `reverse_kl` is finite, and so computed, only where every class
        has training samples.
        """
        if features.probabilities is None or not self.extractor.classes or not len(reference.frequencies):
            return {}
        predicted = features.probabilities.argmax(axis=1)
        counts = np.bincount(predicted, minlength=len(reference.frequencies))
        values = {"modes": float(modes(counts)), **self.extractor.quality(features.values)}
        if samples.labels is not None:
            values["class_accuracy"] = class_accuracy(predicted, samples.labels.numpy())
        if (reference.frequencies > 0).all():
            values["reverse_kl"] = reverse_kl(counts, reference.frequencies)
        return values


def make_evaluator(
    store: Store,
    extractor: FeatureExtractor,
    parameters: EvaluationParameters,
    progress: Progress = no_progress,
    domains: Domains | None = None,
) -> Evaluator:
    """Return the evaluator of any number of generators of this data, or of translations between these domains of it.

    Raises:
        MetricError: see `check_evaluable` and `check_no_external_samples`.
    """
    check_no_external_samples(parameters)
    check_evaluable(store, parameters)
    if domains is not None:
        counts = [len(store.indices("held_out", label)) for label in domains]
        n = sample_count(parameters.n, min(counts))
        parameters, store = parameters.model_copy(update={"n": n}), store.restrict_to(domains.target)
        check_neighbours(min(n, len(store.indices(REFERENCE))), parameters.nearest_neighbours)
    return Evaluator.open(store, extractor, parameters, progress)


def evaluate(
    generator: CanGenerate | CanGenerateFrom,
    store: Store,
    extractor: FeatureExtractor,
    parameters: EvaluationParameters,
    progress: Progress = no_progress,
    snapshots: Mapping[int, CanGenerate | CanGenerateFrom] | None = None,
    pairing: Pairing | None = None,
) -> Report:
    """Return the report on one generator; see `make_evaluator` and `Evaluator.evaluate`."""
    evaluator = make_evaluator(store, extractor, parameters, progress, pairing and pairing.domains)
    return evaluator.evaluate(generator, snapshots, pairing)


def class_accuracy(predicted: Int64[np.ndarray, " n"], requested: Int64[np.ndarray, " n"]) -> float:
    """Return the share of samples classified as the requested class; for real data the accuracy of the classifier."""
    return float((predicted == requested).mean())


def _make_draw(generator: CanGenerate | CanGenerateFrom, conditions: Mapping[str, Tensor] | None) -> Draw:
    if conditions is None:
        return partial(_draw, cast(CanGenerate, generator))
    return partial(_draw_from, cast(CanGenerateFrom, generator), conditions)


def _draw(generator: CanGenerate, n: int, seed: int) -> Samples:
    return generator.generate(GenerationRequest(n=n, seed=seed))


def _draw_from(generator: CanGenerateFrom, conditions: Mapping[str, Tensor], n: int, seed: int) -> Samples:
    return generator.generate(GenerationRequest(n=n, seed=seed), conditions)


def read_held_out(store: Store, field_name: str, n: int) -> Samples:
    """Read n samples of held_out, the same ones each time."""
    chosen = choose_held_out(store, n)
    labels = torch.from_numpy(store.read("label", chosen)) if store.classes else None
    return Samples(torch.from_numpy(store.read(field_name, chosen)), labels)
