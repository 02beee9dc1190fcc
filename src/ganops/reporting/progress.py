"""Progress bars on the terminal."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tqdm import tqdm

from ganops.config import FieldName
from ganops.data.progress import Progress


def step_bar(description: str) -> Progress:
    """Return a function that shows the steps of a loop in a bar."""
    return lambda steps, total: tqdm(steps, description, total)


class ProgressBar:
    """A tracker that shows share, time left, images per second and losses of a training."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None

    def start(self, images_seen: int, total_images: int) -> None:
        """Show the bar from where the training resumes, whose images are no speed of this process; or roll it back."""
        if self._bar is None:
            self._bar = tqdm(
                total=total_images,
                initial=images_seen,
                unit=" images",
                unit_scale=True,
                desc="training",
                dynamic_ncols=True,
            )
        else:
            self._bar.update(images_seen - self._bar.n)

    def log_metrics(self, images_seen: int, values: Mapping[str, float]) -> None:
        """Move the bar and show the losses; curves that are replayed before the start change nothing."""
        if self._bar is None:
            return
        losses = {
            name.removeprefix("loss/"): f"{value:.2f}" for name, value in values.items() if name.startswith("loss/")
        }
        if losses:
            self._bar.set_postfix(losses)
        self._bar.update(images_seen - self._bar.n)

    def log_images(self, key: str, images_seen: int, samples: object, field: FieldName) -> None:
        """Do nothing: a terminal shows no pictures."""

    def set_tag(self, key: str, value: str) -> None:
        """Do nothing."""

    def describe_run(self) -> str:
        """Return an empty text: the bar is no run."""
        return ""

    def flush(self) -> None:
        """Do nothing: nothing is buffered."""

    def start_attempt(self, number: int) -> "ProgressBar":
        """Return itself: all attempts share the bar."""
        return self

    def close(self) -> None:
        """Leave the bar as it is on the terminal."""
        if self._bar is not None:
            self._bar.close()


@contextmanager
def open_progress_bar() -> Iterator[ProgressBar]:
    """Open the bar of a training and close it at the end."""
    bar = ProgressBar()
    try:
        yield bar
    finally:
        bar.close()
