"""Judges samples, and real pictures that no generator saw, against the training pictures under one protocol.

The distance of `held_out` from `train` is the floor: what real data that were never trained on reach. Both are measured
at the same n, because every one of these metrics moves with it. Where splits keep the proportion of the classes, the
floor of `reverse_kl` is lower than what a perfect generator would reach, see `metrics.modes`.
"""

from collections.abc import Mapping
from functools import partial
from typing import Protocol, runtime_checkable

from ganops.config import EvaluationParameters
from ganops.data.progress import Progress, unwatched
from ganops.data.store import Store
from ganops.metrics.classifier import Classifier
from ganops.metrics.features import FeatureExtractor
from ganops.metrics.given import GivenSamples
from ganops.metrics.judgeable import require_enough, require_generator, require_judgeable
from ganops.metrics.report import GENERATOR, SAMPLES, Estimate, Report, SamplesProtocol
from ganops.metrics.stacked_digits import StackedDigits
from ganops.metrics.yardstick import Draw, Yardstick, protocol_of
from ganops.sampling import GenerationRequest, Samples


@runtime_checkable
class Judged(Protocol):
    """Whatever answers requests: a bundle, or a generator in training."""

    def generate(self, request: GenerationRequest) -> Samples: ...


def evaluate(
    generator: Judged,
    store: Store,
    extractor: FeatureExtractor,
    parameters: EvaluationParameters,
    progress: Progress = unwatched,
    along: Mapping[int, Judged] | None = None,
) -> Report:
    """The report of `generator`: mean and sd over `parameters.seeds`, and the floor.

    Args:
        progress: wraps the pictures that are looked at, told how many there are; shows them go by.
        along: images seen → the generator as it was then: what the report's curve is of.

    Raises:
        MetricError: see `require_judgeable` and `require_generator`.
    """
    return evaluate_by(yardstick_of(store, extractor, parameters, progress), generator, along)


def yardstick_of(
    store: Store, extractor: FeatureExtractor, parameters: EvaluationParameters, progress: Progress = unwatched
) -> Yardstick:
    """What `evaluate` measures by: it serves any number of generators, and looks at the real pictures once.

    Raises:
        MetricError: see `require_judgeable` and `require_generator`.
    """
    require_generator(parameters)
    require_judgeable(store, parameters)
    protocol = protocol_of(store, extractor, parameters)
    return Yardstick(store, extractor, protocol, parameters.threads, progress)


def evaluate_by(yardstick: Yardstick, generator: Judged, along: Mapping[int, Judged] | None = None) -> Report:
    """As `evaluate`, by a yardstick that is at hand."""
    earlier = {seen: partial(_drawn, one) for seen, one in (along or {}).items()}
    return _report(GENERATOR, partial(_drawn, generator), yardstick, earlier)


def _drawn(generator: Judged, n: int, seed: int) -> Samples:
    return generator.generate(GenerationRequest(n=n, seed=seed))


def evaluate_samples(
    given: GivenSamples,
    store: Store,
    extractor: FeatureExtractor,
    parameters: EvaluationParameters,
    progress: Progress = unwatched,
) -> Report:
    """The report of pictures that another program made, n of them a seed, and the floor.

    Raises:
        MetricError: see `require_judgeable`, or fewer pictures than are judged.
    """
    require_judgeable(store, parameters)
    protocol = protocol_of(store, extractor, parameters)
    require_enough(len(given.values), protocol.n)
    of_samples = SamplesProtocol(**vars(protocol), samples_given=len(given.values), samples_fitted=given.fitted)
    yardstick = Yardstick(store, extractor, of_samples, parameters.threads, progress)
    return _report(SAMPLES, given.draw, yardstick, {})


def _report(subject: str, draw: Draw, yardstick: Yardstick, along: Mapping[int, Draw]) -> Report:
    extractor = yardstick.extractor
    judged, held_out, curve = yardstick.measured(draw, along)
    return Report(
        subject=subject,
        judged={name: Estimate.of([values[name] for values in judged]) for name in judged[0]},
        held_out={name: Estimate.of([value]) for name, value in held_out.items()},
        classifier=extractor.accuracies if isinstance(extractor, Classifier | StackedDigits) else {},
        protocol=yardstick.protocol,
        curve=curve,
    )
