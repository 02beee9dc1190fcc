"""A bar on the terminal while a generator trains."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def training_progress() -> Iterator[Callable[[int, int, Mapping[str, float]], None]]:
    """A function of (images seen, total images, scalars) that shows share, time left, images per second and losses."""
    with tqdm(unit=" images", unit_scale=True, desc="training", dynamic_ncols=True) as bar:

        def show(images_seen: int, total_images: int, scalars: Mapping[str, float]) -> None:
            bar.total = total_images
            bar.set_postfix({name.removeprefix("loss/"): f"{v:.2f}" for name, v in scalars.items() if "loss" in name})
            bar.update(images_seen - bar.n)

        yield show
