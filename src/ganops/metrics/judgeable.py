"""Whether a generator of this data can be judged: asked before any training, so that no training is in vain."""

from ganops.config import EvaluationParameters
from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.metrics.precision_recall import require_neighbours


def require_judgeable(store: Store, parameters: EvaluationParameters) -> None:
    """What `train_classifier` and `evaluate` need of the data and the parameters; needs no generator.

    Raises:
        MetricError: fewer than two classes, more samples than held_out has, or more neighbours than there are.
    """
    _require_classes(store)
    n = samples_judged(parameters.n, len(store.indices("held_out")))
    require_neighbours(min(n, len(store.indices("train"))), parameters.nearest_neighbours)


def samples_judged(asked: int | None, held_out: int) -> int:
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


def _require_classes(store: Store) -> None:
    if len(store.classes) < 2:
        raise MetricError(
            f"the classes of {store.path}",
            expected="labels of at least two classes, from which the classifier learns what to look at",
            received=f"{len(store.classes)} classes",
            remedy="Sort the pictures into sub-folders, one a class, and prepare the data again; or train "
            "without judging: the same command with --pipelines data_preparation,training.",
        )
