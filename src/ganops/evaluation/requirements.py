"""Whether a generator of this data can be judged: asked before any training, so that no training is in vain."""

from ganops.config import EvaluationParameters, FeatureKind
from ganops.data.sources.stacked_mnist import CHANNELS, CLASSES
from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.metrics.precision_recall import require_neighbours

_OF_POINTS: tuple[FeatureKind, ...] = ("coordinates",)


def check_evaluable(store: Store, parameters: EvaluationParameters) -> None:
    """What the judge and `evaluate` need of the data and the parameters; needs no generator.

    Raises:
        MetricError: the features are of another kind of samples; or a classifier is to judge fewer than two classes,
            stacked digits are no three digits, more samples than held_out has, or more neighbours than there are.
    """
    _require_sight(store, parameters.features)
    if parameters.features == "classifier":
        _require_classes(store)
    if parameters.features == "stacked_digits":
        _require_stacked_digits(store)
    n = sample_count(parameters.n, len(store.indices("held_out")))
    require_neighbours(min(n, len(store.indices("train"))), parameters.nearest_neighbours)


def check_no_external_samples(parameters: EvaluationParameters) -> None:
    """Raises MetricError where given pictures are to be judged: that is another pipeline."""
    if parameters.samples is not None:
        raise MetricError(
            "evaluation.samples",
            expected="null where a generator is trained and judged",
            received=repr(parameters.samples),
            remedy="Evaluate them by: kedro run --pipelines evaluate_samples --params evaluation.samples=FOLDER.",
        )


def external_samples_path(parameters: EvaluationParameters) -> str:
    """The folder to be judged; MetricError where none is named."""
    if parameters.samples is not None:
        return parameters.samples
    raise MetricError(
        "evaluation.samples",
        expected="a folder or zip of pictures",
        received="null",
        remedy="Name it: kedro run --pipelines evaluate_samples --params evaluation.samples=FOLDER.",
    )


def sample_count(asked: int | None, held_out: int) -> int:
    """n: as asked, never more than held_out has, so that generator and floor are measured at equal n."""
    n = held_out if asked is None else asked
    if n <= held_out and n >= 2:
        return n
    raise MetricError(
        "evaluation.n",
        expected=f"2 to {held_out}, the size of held_out, so that generator and real data are compared at equal n",
        received=str(n),
        remedy="Lower evaluation.n, or prepare the data with a larger held_out_share.",
    )


def require_enough(given: int, n: int) -> None:
    """Raises MetricError where there are fewer given pictures than are judged."""
    if given < n:
        raise MetricError(
            "evaluation.samples",
            expected=f"at least the {n} pictures that are judged, as many as of held_out",
            received=str(given),
            remedy="Make more, or lower evaluation.n.",
        )


def _require_sight(store: Store, features: FeatureKind) -> None:
    field = store.sample_field
    if (features in _OF_POINTS) != (field == "point"):
        raise MetricError(
            "evaluation.features",
            expected=f"features of the store's field {field!r}",
            received=repr(features),
            remedy=f"Choose {_OF_POINTS[0]} for points, and one of the others for pictures.",
        )


def _require_classes(store: Store) -> None:
    if len(store.classes) < 2:
        raise MetricError(
            f"the classes of {store.path}",
            expected="labels of at least two classes, from which the classifier learns what to look at",
            received=f"{len(store.classes)} classes",
            remedy="Judge by features that need no classes: evaluation.features=efficientnet_lite0; or sort the "
            "pictures into sub-folders, one a class, and prepare the data again.",
        )


def _require_stacked_digits(store: Store) -> None:
    channels = store.fields["image"].shape[0]
    if channels != CHANNELS or store.classes != CLASSES:
        shown = f"{store.classes[0]!r} to {store.classes[-1]!r}" if store.classes else "none"
        raise MetricError(
            f"the classes of {store.path}",
            expected=f"pictures of {CHANNELS} channels, a digit each, of the {len(CLASSES)} classes '000' to '999'",
            received=f"{channels} channels, {len(store.classes)} classes: {shown}",
            remedy="evaluation.features=stacked_digits judges what data_preparation.source=stacked_mnist makes; judge "
            "other pictures by classifier or efficientnet_lite0.",
        )
