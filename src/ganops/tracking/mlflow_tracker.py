"""Log a training's curves and grids to MLflow: live, in batches, and no step twice after a resume."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from jaxtyping import Shaped
from torch import Tensor

from ganops.config import FieldName
from ganops.data.vocabulary import Vocabulary
from ganops.tracking.best_effort import best_effort
from ganops.tracking.child_runs import open_child_run
from ganops.tracking.run_session import active_run_id
from ganops.training.tracker import SAMPLE_COLUMNS, NullTracker, Tracker

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

_FLUSH_SECONDS = 3.0
_FLUSH_POINTS = 500
_IMAGE_STEP = re.compile(r"images/(?P<key>.+?)[+%]step[+%](?P<step>\d+)[+%]")


@dataclass
class MlflowTracker:
    """Writes to one MLflow run; the step is the number of images seen.

    A resumed training repeats the iterations between its last checkpoint and the interruption, with the same values, so
    points up to the last stored step are dropped. Where the store does not answer, the tracker logs a warning and keeps
    the points until it does.

    Attributes:
        client: of the tracking store.
        run_id: the run to write to.
        vocabulary: of the data, where they are text.
    """

    client: "MlflowClient"
    run_id: str
    vocabulary: Vocabulary | None = None
    _points: list["Metric"] = field(default_factory=list)
    _last_steps: dict[str, int] = field(default_factory=dict)
    _child: "MlflowTracker | None" = None
    _flushed: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        run = self.client.get_run(self.run_id)
        self._stored, self._name = set(run.data.metrics), run.info.run_name
        self._last_images = self._read_image_steps()

    def start(self, images_seen: int, total_images: int) -> None:
        """Do nothing: the tags say where an attempt starts."""

    def log_metrics(self, images_seen: int, values: Mapping[str, float]) -> None:
        """Buffer one point of each curve; the buffer is written when it is full or some seconds old."""
        from mlflow.entities import Metric

        now = round(time.time() * 1000)
        new = [name for name in values if images_seen > self._last_step(name)]
        self._points += [Metric(name, float(values[name]), now, images_seen) for name in new]
        self._last_steps |= dict.fromkeys(new, images_seen)
        if len(self._points) >= _FLUSH_POINTS or time.monotonic() - self._flushed > _FLUSH_SECONDS:
            self.flush()

    def log_images(self, key: str, images_seen: int, samples: Shaped[Tensor, "batch *shape"], field: FieldName) -> None:
        """Log one grid of the samples under the key; in the UI it is a step of the key's slider."""
        from ganops.reporting.views import draw_fixed

        if images_seen <= self._last_images.get(key, -1):
            return
        options = {"key": key, "step": images_seen, "synchronous": True}
        picture = draw_fixed(field, samples, SAMPLE_COLUMNS, self.vocabulary)
        write = partial(self.client.log_image, self.run_id, picture, **options)
        if best_effort(f"Could not log the samples at {images_seen:,} images to MLflow", write):
            self._last_images[key] = images_seen

    def set_tag(self, key: str, value: str) -> None:
        """Set a tag of the run."""
        best_effort(f"Could not set the tag {key} in MLflow", partial(self.client.set_tag, self.run_id, key, value))

    def describe_run(self) -> str:
        """Return the run's name and id."""
        return f"{self._name} ({self.run_id})"

    def flush(self) -> None:
        """Write the buffered points; those that cannot be written stay buffered."""
        while batch := self._points[:_FLUSH_POINTS]:
            write = partial(self.client.log_batch, self.run_id, metrics=batch)
            if not best_effort("Could not log the curves to MLflow yet", write):
                break
            del self._points[:_FLUSH_POINTS]
        self._flushed = time.monotonic()

    def start_attempt(self, number: int) -> "MlflowTracker":
        """Return the tracker of the attempt's child run, which its number identifies; end the one before as FAILED."""
        self.close("FAILED")
        self.set_tag("attempt", str(number))
        name = f"{self.client.get_run(self.run_id).info.run_name}-attempt-{number}"
        child = open_child_run(self.client, self.run_id, name, {"attempt": str(number)})
        self._child = MlflowTracker(self.client, child, self.vocabulary)
        return self._child

    def close(self, status: str) -> None:
        """Write the buffered points and end the child run of the last attempt; the caller ends the run itself."""
        self.flush()
        child, self._child = self._child, None
        if child is not None:
            child.flush()
            end = partial(self.client.set_terminated, child.run_id, status)
            best_effort(f"Could not mark the attempt's run as {status}", end)

    def _last_step(self, name: str) -> int:
        if name not in self._last_steps:
            history = self.client.get_metric_history(self.run_id, name) if name in self._stored else []
            self._last_steps[name] = max((point.step for point in history), default=-1)
        return self._last_steps[name]

    def _read_image_steps(self) -> dict[str, int]:
        """Return the last step of each image key, from the files' names, in which MLflow writes `~` for `/`."""
        last: dict[str, int] = {}
        for artifact in self.client.list_artifacts(self.run_id, "images"):
            if found := _IMAGE_STEP.match(artifact.path):
                key = found["key"].replace("~", "/")
                last[key] = max(last.get(key, -1), int(found["step"]))
        return last


def tracker_of_active_run() -> AbstractContextManager[Tracker]:
    """Open the tracker of the active MLflow run, else one that records nothing."""
    return tracker_of_run(active_run_id())


def tracker_factory(
    run_id: str | None = None, vocabulary: Vocabulary | None = None
) -> Callable[[], AbstractContextManager[Tracker]]:
    """Return what opens the tracker of a run, in any process of the same tracking store: it can be pickled.

    Args:
        run_id: the run; None: the one that is active in this process; empty: none, and nothing is recorded.
        vocabulary: of the data, where they are text.
    """
    return partial(tracker_of_run, active_run_id() if run_id is None else run_id, vocabulary)


@contextmanager
def tracker_of_run(run_id: str, vocabulary: Vocabulary | None = None) -> Iterator[Tracker]:
    """Open the tracker of a run of the tracking store in use; without a run, one that records nothing.

    At the end the tracker writes what is buffered, and the run of the last attempt gets its status.
    """
    if not run_id:
        yield NullTracker()
        return
    from mlflow import MlflowClient

    tracker = MlflowTracker(MlflowClient(), run_id, vocabulary)
    try:
        yield tracker
    except BaseException as error:
        tracker.close("KILLED" if isinstance(error, KeyboardInterrupt | SystemExit) else "FAILED")
        raise
    tracker.close("FINISHED")
