"""The training's curves and grids in MLflow, live, in batches, and without a doubled step after a resume."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from jaxtyping import Shaped
from torch import Tensor

from ganops.tracking.retries import with_retries
from ganops.training.run import Tracker

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

_FLUSH_SECONDS = 3.0
_FLUSH_POINTS = 500
_IMAGE_STEP = re.compile(r"images/(?P<key>.+?)[+%]step[+%](?P<step>\d+)[+%]")


@dataclass
class MlflowTracker:
    """Writes to one MLflow run; the step is the number of images seen.

    A resumed training repeats the rounds between its last checkpoint and the interruption, to the same values: points
    up to the last stored step are dropped.

    Attributes:
        client: of the tracking store.
        run_id: the run to write to.
    """

    client: "MlflowClient"
    run_id: str
    _points: list["Metric"] = field(default_factory=list)
    _last_steps: dict[str, int] = field(default_factory=dict)
    _flushed: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._stored = set(self.client.get_run(self.run_id).data.metrics)
        self._last_images = self._stored_images()

    def scalars(self, images_seen: int, values: Mapping[str, float]) -> None:
        """Buffer the points; they are written when there are many or when seconds have passed."""
        from mlflow.entities import Metric

        now = round(time.time() * 1000)
        new = [name for name in values if images_seen > self._last_step(name)]
        self._points += [Metric(name, float(values[name]), now, images_seen) for name in new]
        self._last_steps |= dict.fromkeys(new, images_seen)
        if len(self._points) >= _FLUSH_POINTS or time.monotonic() - self._flushed > _FLUSH_SECONDS:
            self.flush()

    def images(self, key: str, images_seen: int, samples: Shaped[Tensor, "batch *shape"], columns: int) -> None:
        """One picture of all of them under the key, at its place on the UI's slider."""
        from ganops.reporting.drawings import draw_fixed

        if images_seen <= self._last_images.get(key, -1):
            return
        self.client.log_image(self.run_id, draw_fixed(samples, columns), key=key, step=images_seen, synchronous=True)
        self._last_images[key] = images_seen

    def note(self, key: str, value: str) -> None:
        """A tag."""
        self.client.set_tag(self.run_id, key, value)

    def flush(self) -> None:
        """Write what is buffered."""
        points, self._points = self._points, []
        self._flushed = time.monotonic()
        for first in range(0, len(points), _FLUSH_POINTS):
            batch = points[first : first + _FLUSH_POINTS]
            with_retries(partial(self.client.log_batch, self.run_id, metrics=batch))

    def _last_step(self, name: str) -> int:
        if name not in self._last_steps:
            history = self.client.get_metric_history(self.run_id, name) if name in self._stored else []
            self._last_steps[name] = max((point.step for point in history), default=-1)
        return self._last_steps[name]

    def _stored_images(self) -> dict[str, int]:
        """The last step of each image key: MLflow keeps it in the files' names, with `~` for `/`."""
        last: dict[str, int] = {}
        for artifact in self.client.list_artifacts(self.run_id, "images"):
            if found := _IMAGE_STEP.match(artifact.path):
                key = found["key"].replace("~", "/")
                last[key] = max(last.get(key, -1), int(found["step"]))
        return last


class SilentTracker:
    """Keeps nothing, for code that runs outside any MLflow run."""

    def scalars(self, images_seen: int, values: Mapping[str, float]) -> None:
        """Nobody asks for them: the curves are an output of the training too."""

    def images(self, key: str, images_seen: int, samples: Shaped[Tensor, "batch *shape"], columns: int) -> None:
        """Samples kept for a whole training would fill the memory."""

    def note(self, key: str, value: str) -> None:
        """There is no run to tell it of."""

    def flush(self) -> None:
        """Nothing is buffered."""


@contextmanager
def active_tracker() -> Iterator[Tracker]:
    """The tracker of the active MLflow run, else one that keeps nothing. What is buffered is written on the way out."""
    import mlflow

    active = mlflow.active_run()
    if active is None:
        yield SilentTracker()
        return
    tracker = MlflowTracker(mlflow.MlflowClient(), active.info.run_id)
    try:
        yield tracker
    finally:
        tracker.flush()
