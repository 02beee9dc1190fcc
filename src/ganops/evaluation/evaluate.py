"""Judges samples, and real pictures that no generator saw, against the training pictures under one protocol.

The distance of `held_out` from `train` is the floor: what real data that were never trained on reach. Both are measured
at the same n, because every one of these metrics moves with it. Where splits keep the proportion of the classes, the
floor of `reverse_kl` is lower than what a perfect generator would reach, see `metrics.modes`.
"""

from collections.abc import Mapping
from functools import partial
from typing import Protocol, runtime_checkable

from ganops.config import EvaluationParameters
from ganops.data.progress import Progress, no_progress
from ganops.data.store import Store
from ganops.evaluation.evaluator import Draw, Evaluator, protocol_of
from ganops.evaluation.external_samples import ExternalSamples
from ganops.evaluation.report import GENERATOR, SAMPLES, Estimate, Report, SamplesProtocol
from ganops.evaluation.requirements import check_evaluable, check_no_external_samples, require_enough
from ganops.extractors.base import FeatureExtractor
from ganops.extractors.classifier import Classifier
from ganops.extractors.stacked_digits import StackedDigits
from ganops.games.request import LatentRequest
from ganops.sampling import Samples


@runtime_checkable
class CanGenerate(Protocol):
    """Whatever answers requests: a bundle, or a generator in training."""

    def generate(self, request: LatentRequest) -> Samples: ...


def evaluate(
    generator: CanGenerate,
    store: Store,
    extractor: FeatureExtractor,
    parameters: EvaluationParameters,
    progress: Progress = no_progress,
    along: Mapping[int, CanGenerate] | None = None,
) -> Report:
    """The report of `generator`: mean and sd over `parameters.seeds`, and the floor.

    Args:
        progress: wraps the pictures that are looked at, told how many there are; shows them go by.
        along: images seen → the generator as it was then: what the report's curve is of.

    Raises:
        MetricError: see `check_evaluable` and `check_no_external_samples`.
    """
    return evaluate_by(make_evaluator(store, extractor, parameters, progress), generator, along)


def make_evaluator(
    store: Store, extractor: FeatureExtractor, parameters: EvaluationParameters, progress: Progress = no_progress
) -> Evaluator:
    """What `evaluate` measures by: it serves any number of generators, and looks at the real pictures once.

    Raises:
        MetricError: see `check_evaluable` and `check_no_external_samples`.
    """
    check_no_external_samples(parameters)
    check_evaluable(store, parameters)
    protocol = protocol_of(store, extractor, parameters)
    return Evaluator(store, extractor, protocol, parameters.threads, progress)


def evaluate_by(evaluator: Evaluator, generator: CanGenerate, along: Mapping[int, CanGenerate] | None = None) -> Report:
    """As `evaluate`, by a yardstick that is at hand."""
    earlier = {seen: partial(_drawn, one) for seen, one in (along or {}).items()}
    return _report(GENERATOR, partial(_drawn, generator), evaluator, earlier)


def _drawn(generator: CanGenerate, n: int, seed: int) -> Samples:
    return generator.generate(LatentRequest(n=n, seed=seed))


def evaluate_samples(
    given: ExternalSamples,
    store: Store,
    extractor: FeatureExtractor,
    parameters: EvaluationParameters,
    progress: Progress = no_progress,
) -> Report:
    """The report of pictures that another program made, n of them a seed, and the floor.

    Raises:
        MetricError: see `check_evaluable`, or fewer pictures than are judged.
    """
    check_evaluable(store, parameters)
    protocol = protocol_of(store, extractor, parameters)
    require_enough(len(given.values), protocol.n)
    of_samples = SamplesProtocol(**vars(protocol), samples_given=len(given.values), samples_fitted=given.fitted)
    evaluator = Evaluator(store, extractor, of_samples, parameters.threads, progress)
    return _report(SAMPLES, given.draw, evaluator, {})


def _report(subject: str, draw: Draw, evaluator: Evaluator, along: Mapping[int, Draw]) -> Report:
    extractor = evaluator.extractor
    judged, held_out, curve = evaluator.measured(draw, along)
    return Report(
        subject=subject,
        judged={name: Estimate.of([values[name] for values in judged]) for name in judged[0]},
        held_out={name: Estimate.of([value]) for name, value in held_out.items()},
        classifier=extractor.accuracies if isinstance(extractor, Classifier | StackedDigits) else {},
        protocol=evaluator.protocol,
        curve=curve,
    )
