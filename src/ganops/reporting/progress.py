"""Bars on the terminal."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager

from tqdm import tqdm

from ganops.data.progress import Progress


def step_bar(description: str) -> Progress:
    """Shows the steps of a loop go by."""
    return lambda steps, total: tqdm(steps, description, total)


@contextmanager
def training_progress() -> Iterator[Callable[[int, int, Mapping[str, float]], None]]:
    """A function of (images seen, total images, scalars) that shows share, time left, images per second and losses.

    The first call tells where the training starts: images that an earlier process saw are no speed of this one. Where a
    lost game goes back, so does the bar.
    """
    with ExitStack() as stack:
        bars: list[tqdm] = []

        def show(images_seen: int, total_images: int, scalars: Mapping[str, float]) -> None:
            if not bars:
                bars.append(stack.enter_context(_bar(images_seen, total_images)))
            (bar,) = bars
            losses = {name: value for name, value in scalars.items() if name.startswith("loss/")}
            bar.set_postfix({name.removeprefix("loss/"): f"{value:.2f}" for name, value in losses.items()})
            bar.update(images_seen - bar.n)

        yield show


def _bar(images_seen: int, total_images: int) -> tqdm:
    options = {"unit": " images", "unit_scale": True, "desc": "training", "dynamic_ncols": True}
    return tqdm(total=total_images, initial=images_seen, **options)
