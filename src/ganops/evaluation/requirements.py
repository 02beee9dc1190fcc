"""Check, before any training, that a generator of this data can be evaluated with these parameters."""

from ganops.config import FEATURE_FIELDS, NOUNS
from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.evaluation.oracle import OracleLikelihood
from ganops.evaluation_config import EvaluationParameters
from ganops.extractors.build import check_data
from ganops.metrics.precision_recall import check_neighbours

_EVALUATE_SAMPLES = "kedro run --pipelines evaluate_samples --params evaluation.samples=FOLDER"


def check_evaluable(store: Store, parameters: EvaluationParameters) -> None:
    """Check the data and the parameters of an evaluation; needs no generator.

    Raises:
        MetricError: the data do not suit the features, or `evaluation.oracle`; held_out has fewer samples than
            `evaluation.n`, or there are not more samples than `evaluation.nearest_neighbours`.
    """
    check_data(store, parameters)
    OracleLikelihood.of(store, parameters)
    n = sample_count(parameters.n, len(store.indices("held_out")))
    check_neighbours(min(n, len(store.indices("train"))), parameters.nearest_neighbours)


def check_no_external_samples(parameters: EvaluationParameters) -> None:
    """Raise MetricError where `evaluation.samples` is set: another pipeline evaluates them."""
    if parameters.samples is not None:
        raise MetricError(
            "evaluation.samples",
            expected="null where a generator is trained and evaluated",
            received=repr(parameters.samples),
            remedy=f"Evaluate external samples by: {_EVALUATE_SAMPLES}.",
        )


def external_samples_path(parameters: EvaluationParameters) -> str:
    """Return the path of the external samples; MetricError where `evaluation.samples` is null."""
    if parameters.samples is not None:
        return parameters.samples
    raise MetricError(
        "evaluation.samples",
        expected=f"a folder or file of {NOUNS[FEATURE_FIELDS[parameters.features]].many}",
        received="null",
        remedy=f"Name it: {_EVALUATE_SAMPLES}.",
    )


def sample_count(n: int | None, held_out: int) -> int:
    """Return n, by default all of held_out; never more, so that generator and floor are measured at equal n."""
    count = held_out if n is None else n
    if count <= held_out and count >= 2:
        return count
    raise MetricError(
        "evaluation.n",
        expected=f"2 to {held_out}, the size of held_out, so that generator and real data are compared at equal n",
        received=str(count),
        remedy="Lower evaluation.n, or prepare the data with a larger held_out_share.",
    )


def check_enough(samples: int, n: int) -> None:
    """Raise MetricError where there are fewer than n external samples."""
    if samples < n:
        raise MetricError(
            "evaluation.samples",
            expected=f"at least {n} samples, as many as of held_out",
            received=str(samples),
            remedy="Generate more, or lower evaluation.n.",
        )
