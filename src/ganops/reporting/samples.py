"""What a generator makes, as pictures for people: samples of each class, the ways between them, and what scale does.

Of many classes twenty are shown, evenly chosen; a line at the foot says so.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from PIL import Image
from torch import Tensor

from ganops.reporting.sheet import Block, draw_sheet, measures
from ganops.reporting.text import class_name
from ganops.sampling import GenerationRequest, Samples

COLUMNS = 10
MOST_ROWS = 20
# Of a generator that knows no classes.
_ROWS = 8
SEED = 0
TRUNCATIONS = (0.2, 0.4, 0.6, 0.8, 1.0)


@runtime_checkable
class SamplerLike(Protocol):
    """A generator that can be asked, and the names of its classes."""

    @property
    def classes(self) -> tuple[str, ...]: ...

    def generate(self, request: GenerationRequest) -> Samples: ...

    def interpolate(
        self, start_seed: int, end_seed: int, steps: int, class_label: int | None, eased: bool = False
    ) -> Tensor: ...


@dataclass(frozen=True)
class Rows:
    """Which class each row shows, None where the generator knows none; their names as drawn; what to say of them."""

    labels: list[int | None]
    names: list[str]
    note: str


def sample_grid(generator: SamplerLike) -> Image.Image:
    """A row a class of ten samples each; without classes eight rows."""
    rows = shown_rows(generator)
    pictures = [
        generator.generate(GenerationRequest(n=COLUMNS, seed=SEED + row, class_label=label)).values
        for row, label in enumerate(rows.labels)
    ]
    return draw_sheet([Block(pictures)], rows.names, rows.note)


def interpolation(generator: SamplerLike) -> Image.Image:
    """A row a class: ten steps from one latent to another, the class held."""
    rows = shown_rows(generator)
    pictures = [
        generator.interpolate(SEED + 2 * row, SEED + 2 * row + 1, COLUMNS, label)
        for row, label in enumerate(rows.labels)
    ]
    return draw_sheet([Block(pictures)], rows.names, rows.note)


def truncation_strip(generator: SamplerLike) -> Image.Image:
    """The same ten latents and classes in each row, at a fifth of their scale to the whole.

    The usual trade is typical against various (Brock 2019, section 3.1); a generator that was trained on whole latents
    alone may break down at small ones, and that is seen too.
    """
    pictures = [
        generator.generate(GenerationRequest(n=COLUMNS, seed=SEED, truncation=scale)).values for scale in TRUNCATIONS
    ]
    note = "The scale of the same latents: less is more typical, as far as the generator can follow."
    return draw_sheet([Block(pictures)], [f"{scale:.1f}" for scale in TRUNCATIONS], note)


def shown_rows(generator: SamplerLike, most: int = MOST_ROWS) -> Rows:
    """A row a class, at most `most`, evenly chosen; eight without a name of a generator that knows no classes."""
    first = generator.generate(GenerationRequest(n=1, seed=SEED))
    # The data may have classes that the generator does not know: it draws labels only where it does.
    if first.labels is None:
        return Rows([None] * _ROWS, [], "")
    chosen, m = evenly_chosen(len(generator.classes), most), measures(first.values)
    names = [class_name(generator.classes, label, m.letters, m.name_width) for label in chosen]
    left_out = len(chosen) < len(generator.classes)
    return Rows([*chosen], names, f"{len(chosen)} of {len(generator.classes):,} classes" if left_out else "")


def evenly_chosen(count: int, most: int) -> list[int]:
    """All of 0 … count − 1, or `most` of them, the first and the last among them, at even distances."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()
