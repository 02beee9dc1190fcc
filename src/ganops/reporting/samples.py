"""What a generator makes, as pictures for people: samples of each class, and the ways from one to another."""

from typing import Protocol, runtime_checkable

import torch
from PIL import Image
from torch import Tensor

from ganops.reporting.grid import image_grid, readable_scale
from ganops.sampling import GenerationRequest, Samples

COLUMNS = 10
# Of a generator that knows no classes.
_ROWS = 8
SEED = 0


@runtime_checkable
class Shown(Protocol):
    """A generator that can be asked, and the names of its classes."""

    @property
    def classes(self) -> tuple[str, ...]: ...

    def generate(self, request: GenerationRequest) -> Samples: ...

    def interpolate(self, start_seed: int, end_seed: int, steps: int, class_label: int | None) -> Tensor: ...


def sample_grid(generator: Shown) -> Image.Image:
    """A row a class of ten samples each; without classes eight rows."""
    rows = [
        generator.generate(GenerationRequest(n=COLUMNS, seed=SEED + row, class_label=label)).images
        for row, label in enumerate(_labels(generator))
    ]
    return _show(rows)


def interpolation(generator: Shown) -> Image.Image:
    """A row a class: ten steps from one latent to another, the class held."""
    rows = [
        generator.interpolate(SEED + 2 * row, SEED + 2 * row + 1, COLUMNS, label)
        for row, label in enumerate(_labels(generator))
    ]
    return _show(rows)


def _labels(generator: Shown) -> list[int | None]:
    return list(range(len(generator.classes))) if _conditional(generator) else [None] * _ROWS


def _conditional(generator: Shown) -> bool:
    # The data may have classes that the generator does not know: it draws labels only where it does.
    return generator.generate(GenerationRequest(n=1, seed=SEED)).labels is not None


def _show(rows: list[Tensor]) -> Image.Image:
    images = torch.cat(rows)
    return image_grid(images, COLUMNS, readable_scale(images))
