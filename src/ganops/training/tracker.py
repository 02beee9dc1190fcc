"""The one seam through which a training reports: MLflow and the progress bar, a list in the tests, or nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol, runtime_checkable

from torch import Tensor

from ganops.config import FieldName

SAMPLE_COLUMNS = 8
"""Samples in one row of a logged grid."""


@runtime_checkable
class Tracker(Protocol):
    """Records one run, and each restarted attempt in a run below it."""

    def start(self, images_seen: int, total_images: int) -> None:
        """Note where an attempt starts or resumes, and where the training ends."""
        ...

    def log_metrics(self, images_seen: int, values: Mapping[str, float]) -> None:
        """Log one point of each named curve."""
        ...

    def log_images(self, key: str, images_seen: int, samples: Tensor, field: FieldName) -> None:
        """Log stored samples of a field, such as pictures (B, C, H, W) uint8, `SAMPLE_COLUMNS` a row; they are raw."""
        ...

    def set_tag(self, key: str, value: str) -> None:
        """Set a tag of the run."""
        ...

    def describe_run(self) -> str:
        """Return name and id of the run, for a message; empty where there is none."""
        ...

    def flush(self) -> None:
        """Write what is buffered: a checkpoint promises that what came before it is stored."""
        ...

    def start_attempt(self, number: int) -> "Tracker":
        """Return the tracker of attempt `number`, 1 or more; always the same run. The attempt before has failed."""
        ...


OpenTracker = Callable[[], AbstractContextManager[Tracker]]


class NullTracker:
    """Records nothing: for code that runs outside any MLflow run, and for processes other than the main one."""

    def start(self, images_seen: int, total_images: int) -> None:
        """Do nothing."""

    def log_metrics(self, images_seen: int, values: Mapping[str, float]) -> None:
        """Do nothing: the curves are an output of the training too."""

    def log_images(self, key: str, images_seen: int, samples: Tensor, field: FieldName) -> None:
        """Do nothing: samples kept for a whole training would fill the memory."""

    def set_tag(self, key: str, value: str) -> None:
        """Do nothing."""

    def describe_run(self) -> str:
        """Return an empty text: there is no run."""
        return ""

    def flush(self) -> None:
        """Do nothing: nothing is buffered."""

    def start_attempt(self, number: int) -> Tracker:
        """Return itself: nothing is recorded."""
        return self


class Trackers:
    """Passes each call on to several trackers."""

    def __init__(self, trackers: Sequence[Tracker]) -> None:
        self._trackers = list(trackers)

    def start(self, images_seen: int, total_images: int) -> None:
        """Pass on."""
        for tracker in self._trackers:
            tracker.start(images_seen, total_images)

    def log_metrics(self, images_seen: int, values: Mapping[str, float]) -> None:
        """Pass on."""
        for tracker in self._trackers:
            tracker.log_metrics(images_seen, values)

    def log_images(self, key: str, images_seen: int, samples: Tensor, field: FieldName) -> None:
        """Pass on."""
        for tracker in self._trackers:
            tracker.log_images(key, images_seen, samples, field)

    def set_tag(self, key: str, value: str) -> None:
        """Pass on."""
        for tracker in self._trackers:
            tracker.set_tag(key, value)

    def describe_run(self) -> str:
        """Return the first description that is not empty."""
        return next(filter(None, (tracker.describe_run() for tracker in self._trackers)), "")

    def flush(self) -> None:
        """Pass on."""
        for tracker in self._trackers:
            tracker.flush()

    def start_attempt(self, number: int) -> Tracker:
        """Return the trackers of the attempt."""
        return Trackers([tracker.start_attempt(number) for tracker in self._trackers])


@contextmanager
def open_trackers(*openers: OpenTracker) -> Iterator[Tracker]:
    """Open several trackers as one, for the length of a training."""
    with ExitStack() as stack:
        yield Trackers([stack.enter_context(open_tracker()) for open_tracker in openers])
