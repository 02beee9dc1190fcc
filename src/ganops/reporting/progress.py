"""A bar on the terminal while a generator trains."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def training_progress() -> Iterator[Callable[[int, int, Mapping[str, float]], None]]:
    """A function of (images seen, total images, scalars) that shows share, time left, images per second and losses.

    The first call tells where the training starts: images that an earlier process saw are no speed of this one.
    """
    with tqdm(unit=" images", unit_scale=True, desc="training", dynamic_ncols=True) as bar:

        def show(images_seen: int, total_images: int, scalars: Mapping[str, float]) -> None:
            if bar.total is None:
                bar.total, bar.initial, bar.n, bar.last_print_n = total_images, images_seen, images_seen, images_seen
            bar.set_postfix({name.removeprefix("loss/"): f"{v:.2f}" for name, v in scalars.items() if "loss" in name})
            bar.update(images_seen - bar.n)

        yield show
