"""Lists of generated lines: as a text, and as a picture for where only a picture can be shown."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Int
from PIL import Image, ImageDraw
from torch import Tensor

from ganops.data.store import Store
from ganops.data.vocabulary import Vocabulary
from ganops.games.request import GenerationRequest
from ganops.noise import permutation
from ganops.reporting.samples import SEED, SamplerLike
from ganops.reporting.text import ellipsize, load_font

COUNT = 20
_INK, _PALE_INK, _FONT_SIZE, _WIDTH, _MARGIN, _LINE = "#333333", "#777777", 13, 900, 16, 20
_LACKING = "□: a letter that this font lacks"


def list_samples(generator: SamplerLike, store: Store) -> str:
    """Return Markdown: generated lines, then held-out ones."""
    return "\n".join(
        f"# {heading}\n\n```text\n" + "\n".join(lines) + "\n```\n" for heading, lines in _both(generator, store).items()
    )


def draw_samples(generator: SamplerLike, store: Store) -> Image.Image:
    """Draw generated lines above held-out ones."""
    return draw_lines(_both(generator, store))


def draw_fixed(lines: Int[Tensor, "n length"], vocabulary: Vocabulary) -> Image.Image:
    """Draw lines of fixed noise."""
    return draw_lines({"": _decode(lines, vocabulary)})


def draw_named_lines(rows: Mapping[str, Int[Tensor, "_ length"]], note: str, vocabulary: Vocabulary) -> Image.Image:
    """Draw the lines of several generators, each with its name above."""
    return draw_lines({name: _decode(lines, vocabulary) for name, lines in rows.items()}, note)


def draw_lines(sections: Mapping[str, Sequence[str]], note: str = "") -> Image.Image:
    """Draw lines below headings, on white; long ones are cut."""
    rows = [
        (text, ink)
        for heading, lines in sections.items()
        for text, ink in ((heading, _PALE_INK), *((line, _INK) for line in lines))
    ]
    rows += [(text, _PALE_INK) for text in (note, _LACKING) if text]
    canvas = Image.new("RGB", (_WIDTH, 2 * _MARGIN + _LINE * len(rows)), "white")
    draw = ImageDraw.Draw(canvas)
    for row, (text, ink) in enumerate(rows):
        fitted = ellipsize(text, _FONT_SIZE, _WIDTH - 2 * _MARGIN)
        draw.text((_MARGIN, _MARGIN + row * _LINE), fitted, ink, load_font(_FONT_SIZE))
    return canvas


def _both(generator: SamplerLike, store: Store) -> dict[str, list[str]]:
    assert store.vocabulary is not None, store.path
    generated = generator.generate(GenerationRequest(n=COUNT, seed=SEED)).values  # pyright: ignore[reportArgumentType]
    indices = store.indices("held_out")
    rows = indices[permutation(0, "reporting/lines", 0, len(indices))[:COUNT]]
    (field,) = store.fields
    real = torch.from_numpy(store.read(field, rows))
    return {"Generated": _decode(generated, store.vocabulary), "Held out": _decode(real, store.vocabulary)}


def _decode(lines: Int[Tensor, "n length"], vocabulary: Vocabulary) -> list[str]:
    return [vocabulary.decode(line) for line in lines.tolist()]
