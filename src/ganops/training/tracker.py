"""What training needs of MLflow: a list in the tests, nothing at all outside any run."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class Tracker(Protocol):
    """One run, and a run below it for each new attempt at a lost game."""

    def scalars(self, images_seen: int, values: Mapping[str, float]) -> None:
        """Points of curves."""
        ...

    def images(self, key: str, images_seen: int, samples: Tensor, columns: int) -> None:
        """Raw samples (B, C, H, W), uint8; the tracker renders them."""
        ...

    def note(self, key: str, value: str) -> None:
        """A fact about the run."""
        ...

    def describe_run(self) -> str:
        """Return name and id of the run, for a message; empty where there is none."""
        ...

    def flush(self) -> None:
        """Write what is buffered: a checkpoint promises that what came before it is kept."""
        ...

    def attempt(self, number: int) -> "Tracker":
        """The tracker of a new attempt, 1 or more: the same run whenever it is asked for. The one before has failed."""
        ...


class SilentTracker:
    """Keeps nothing, for code that runs outside any MLflow run, and for processes that do not lead."""

    def scalars(self, images_seen: int, values: Mapping[str, float]) -> None:
        """Nobody asks for them: the curves are an output of the training too."""

    def images(self, key: str, images_seen: int, samples: Tensor, columns: int) -> None:
        """Samples kept for a whole training would fill the memory."""

    def note(self, key: str, value: str) -> None:
        """There is no run to tell it of."""

    def describe_run(self) -> str:
        """Return an empty text: there is no run."""
        return ""

    def flush(self) -> None:
        """Nothing is buffered."""

    def attempt(self, number: int) -> Tracker:
        """An attempt is no louder."""
        return self
