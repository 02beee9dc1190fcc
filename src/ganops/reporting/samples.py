"""Draw a generator of pictures: samples of each class, interpolations, truncations, and real pictures beside them.

At most twenty classes are drawn, evenly chosen; a line at the foot states the number.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ganops.data.store import Store
from ganops.games.request import LatentRequest
from ganops.noise import permutation
from ganops.reporting.sheet import Block, draw_sheet, measure_sheet
from ganops.reporting.text import format_class_name
from ganops.sampling import Samples

COLUMNS = 10
SEED, SPLIT = 0, "train"
TRUNCATIONS = (0.2, 0.4, 0.6, 0.8, 1.0)
FRAMES = 48
_MAX_ROWS, _UNLABELLED_ROWS = 20, 8
_REAL_COLUMNS = 5
_ANIMATION_COLUMNS, _MAX_ANIMATION_SIDE = 5, 128


@runtime_checkable
class SamplerLike(Protocol):
    """A generator with the names of its classes that interpolates between latents, as a bundle does."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the names of the data's classes; empty: there are none."""
        ...

    def generate(self, request: LatentRequest) -> Samples:
        """Return the samples of a request."""
        ...

    def interpolate(
        self, start_seed: int, end_seed: int, steps: int, class_label: int | None, eased: bool = False
    ) -> Tensor:
        """Return samples between the latents of two seeds, see `Sampler.interpolate`."""
        ...


@dataclass(frozen=True)
class Rows:
    """The rows of a sheet.

    Attributes:
        labels: the class of each row; None: an unconditional generator.
        names: of the rows, cut to their width; empty: none.
        note: states how many classes are drawn, if not all are.
    """

    labels: list[int | None]
    names: list[str]
    note: str


def draw_samples(generator: SamplerLike) -> Image.Image:
    """Draw ten samples per class, one row each; eight rows without classes."""
    rows = choose_rows(generator)
    samples = _generate_rows(generator, rows.labels, COLUMNS)
    return draw_sheet([Block(samples)], rows.names, rows.note)


def draw_interpolation(generator: SamplerLike) -> Image.Image:
    """Draw ten steps from one latent to another per class, one row each."""
    rows = choose_rows(generator)
    pictures = [
        generator.interpolate(SEED + 2 * row, SEED + 2 * row + 1, COLUMNS, label)
        for row, label in enumerate(rows.labels)
    ]
    return draw_sheet([Block(pictures)], rows.names, rows.note)


def draw_animation(generator: SamplerLike) -> list[Image.Image]:
    """Draw the interpolations forth and back, slower at the ends: 48 frames, five classes per row.

    Pictures larger than 128 pixels are reduced by a whole factor; each pixel is the mean of those that it replaces.
    """
    paths = [
        generator.interpolate(SEED + 2 * row, SEED + 2 * row + 1, FRAMES // 2 + 1, label, eased=True)
        for row, label in enumerate(choose_labels(generator))
    ]
    steps = [torch.stack(pictures) for pictures in zip(*paths, strict=True)]
    factor = math.ceil(max(steps[0].shape[2:]) / _MAX_ANIMATION_SIDE)
    forth = [draw_sheet([Block(pictures.split(_ANIMATION_COLUMNS))]).reduce(factor) for pictures in steps]
    return [*forth, *forth[-2:0:-1]]


def draw_truncations(generator: SamplerLike) -> Image.Image:
    """Draw the same ten latents and classes at five scales, from 0.2 to 1, one row each.

    Truncation trades variety for typical samples (Brock 2019, section 3.1). A generator that was trained on untruncated
    latents only may break down at small scales; the sheet shows that too.
    """
    samples = [
        generator.generate(LatentRequest(n=COLUMNS, seed=SEED, truncation=scale)).values for scale in TRUNCATIONS
    ]
    note = "The scale of the same latents: smaller is more typical, as far as the generator can follow."
    return draw_sheet([Block(samples)], [f"{scale:.1f}" for scale in TRUNCATIONS], note)


def draw_real_beside_generated(
    generator: SamplerLike, store: Store, read: Callable[[np.ndarray], Tensor] | None = None
) -> Image.Image:
    """Draw five training samples and five generated ones per class, one row each; eight rows without classes.

    Args:
        generator: of pictures.
        store: of the training samples.
        read: positions in the store → pictures; None: its field `image`.
    """
    rows = choose_rows(generator)
    read = read or (lambda indices: torch.from_numpy(store.read("image", indices)))
    real = [read(chosen) for chosen in choose_real(store, rows.labels)]
    generated = _generate_rows(generator, rows.labels, _REAL_COLUMNS)
    return draw_sheet([Block(real, f"real ({SPLIT})"), Block(generated, "generated")], rows.names, rows.note)


def choose_real(store: Store, labels: Sequence[int | None]) -> Iterator[np.ndarray]:
    """Yield the positions of five training pictures per row, none twice; a small class yields fewer."""
    indices = store.indices(SPLIT)
    all_labels = store.manifest["label"].to_numpy()[indices]
    for row, label in enumerate(labels):
        candidates, first = (indices, row * _REAL_COLUMNS) if label is None else (indices[all_labels == label], 0)
        order = permutation(SEED, "reporting/real", -1 if label is None else label, len(candidates))
        yield candidates[order[first : first + _REAL_COLUMNS]]


def choose_rows(generator: SamplerLike) -> Rows:
    """Choose the labels of a sheet's rows and cut their names to its font and width."""
    labels, count = choose_labels(generator), len(generator.classes)
    sizes = measure_sheet(generator.generate(LatentRequest(n=1, seed=SEED)).values)
    chosen = [label for label in labels if label is not None]
    names = [format_class_name(generator.classes, label, sizes.font_size, sizes.max_name_width) for label in chosen]
    return Rows(labels, names, f"{len(chosen)} of {count:,} classes" if 0 < len(chosen) < count else "")


def choose_labels(generator: SamplerLike) -> list[int | None]:
    """Choose at most twenty classes at even distances; eight times None for an unconditional generator."""
    # An unconditional generator has no labels, even where its data have classes.
    if generator.generate(LatentRequest(n=1, seed=SEED)).labels is None:
        return [None] * _UNLABELLED_ROWS
    return [*choose_evenly(len(generator.classes), _MAX_ROWS)]


def choose_evenly(count: int, maximum: int) -> list[int]:
    """Return 0 … count − 1, or `maximum` of them at even distances, the first and the last included."""
    return np.linspace(0, count - 1, min(count, maximum)).round().astype(int).tolist()


def _generate_rows(generator: SamplerLike, labels: Sequence[int | None], columns: int) -> list[Tensor]:
    return [
        generator.generate(LatentRequest(n=columns, seed=SEED + row, class_label=label)).values
        for row, label in enumerate(labels)
    ]
