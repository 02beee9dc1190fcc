"""Views: the pictures, animations, tables and texts that show a trained generator.

A game names its views; `FIELD_VIEWS` says how each is drawn, by the field that the game generates. A view draws from
the bundle, the store and the feature extractor alone, so a new game needs a new entry here and no new node.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import cast

import pandas as pd
from jaxtyping import Shaped
from PIL import Image
from torch import Tensor

from ganops.bundle import Bundle
from ganops.config import FieldName
from ganops.data.store import Store
from ganops.data.vocabulary import Vocabulary
from ganops.evaluation.paired import Pairing
from ganops.evaluation.temperatures import Sweep, measure_temperatures
from ganops.extractors.base import FeatureExtractor
from ganops.games.request import GenerationRequest
from ganops.reporting import completions, lines, neighbours, players, samples, scatter, spectrograms, translations
from ganops.reporting.sheet import draw_named_rows, readable_grid
from ganops.reporting.temperatures import draw_temperatures

Content = Image.Image | list[Image.Image] | pd.DataFrame | str | dict[str, bytes]


@dataclass(frozen=True)
class ViewSource:
    """What a view may draw from.

    Attributes:
        generator: a bundle, or what samples as it does.
        store: the data that it was trained on.
        extractor: the feature extractor of the report.
        threads: of the processor, for distances; another number gives other bytes.
        n: `evaluation.n`.
        sweep: of temperatures, for text; None: none.
    """

    generator: samples.SamplerLike
    store: Store
    extractor: FeatureExtractor
    threads: int
    n: int | None = None
    sweep: Sweep | None = None


View = Callable[[ViewSource], Mapping[str, Content]]
"""Draws one view: type of file (png, gif, csv, md, html, zip) → content."""


@dataclass(frozen=True)
class FieldViews:
    """How samples of one field are drawn.

    Attributes:
        fixed: samples of fixed noise during a training, columns of their grid, and the vocabulary of text → picture.
        row_length: samples of one generator that are drawn beside those of another.
        side_by_side: name → samples, a note at the foot, and the vocabulary of text → picture.
        views: name → view.
    """

    fixed: Callable[[Tensor, int, Vocabulary | None], Image.Image]
    row_length: int
    side_by_side: Callable[[Mapping[str, Tensor], str, Vocabulary | None], Image.Image]
    views: Mapping[str, View]


def draw_views(
    field: FieldName, names: tuple[str, ...], source: ViewSource
) -> dict[str, Callable[[], Mapping[str, Content]]]:
    """Return name → function that draws the view, so that one at a time need be in memory."""
    return {name: partial(FIELD_VIEWS[field].views[name], source) for name in names}


def draw_fixed(
    field: FieldName, samples: Shaped[Tensor, "n *shape"], columns: int, vocabulary: Vocabulary | None = None
) -> Image.Image:
    """Draw samples of fixed noise, of pictures in a grid of `columns`; of text, `vocabulary` is the store's."""
    return FIELD_VIEWS[field].fixed(samples, columns, vocabulary)


def draw_first_view(bundle: Bundle, store: Store, extractor: FeatureExtractor, threads: int) -> Image.Image:
    """Draw the first view that the game names, which is a picture."""
    game = bundle.game
    content = FIELD_VIEWS[game.generates].views[game.views[0]](ViewSource(bundle, store, extractor, threads))["png"]
    assert isinstance(content, Image.Image), game.views
    return content


def sample_row(bundle: Bundle, store: Store) -> Shaped[Tensor, "n *shape"]:
    """Generate samples for `draw_side_by_side`: the same request, classes and conditions for every bundle."""
    request = GenerationRequest(n=FIELD_VIEWS[bundle.game.generates].row_length, seed=samples.SEED)
    pairing = Pairing.of(bundle.game)
    if pairing is None:
        return bundle.generate(request).values
    rows = store.indices("held_out", pairing.domains and pairing.domains.source)[: request.n]
    request = request.model_copy(update={"n": len(rows)})
    return bundle.generate(request, pairing.read_conditions(store, rows)).values


def draw_side_by_side(
    field: FieldName,
    rows: Mapping[str, Shaped[Tensor, "_ *shape"]],
    note: str = "",
    vocabulary: Vocabulary | None = None,
) -> Image.Image:
    """Draw the samples of several generators, each with its name; `note` is a line at the foot."""
    return FIELD_VIEWS[field].side_by_side(rows, note, vocabulary)


def _require(vocabulary: Vocabulary | None) -> Vocabulary:
    assert vocabulary is not None, "a store of text has a vocabulary"
    return vocabulary


def _measure_temperatures(source: ViewSource) -> dict[str, Content]:
    if source.sweep is None:
        return {}
    generator = cast(Bundle, source.generator)
    table = measure_temperatures(generator, source.store, source.extractor, source.threads, source.sweep)
    return {"png": draw_temperatures(table, source.sweep), "csv": table}


def _with_table(drawn: tuple[Image.Image, pd.DataFrame]) -> dict[str, Content]:
    picture, table = drawn
    return {"png": picture, "csv": table}


FIELD_VIEWS: dict[FieldName, FieldViews] = {
    "image": FieldViews(
        fixed=lambda pictures, columns, _: readable_grid(pictures, columns),
        row_length=samples.COLUMNS,
        side_by_side=lambda rows, note, _: draw_named_rows(rows, note),
        views={
            "samples": lambda s: {"png": samples.draw_samples(s.generator)},
            "interpolation": lambda s: {"png": samples.draw_interpolation(s.generator)},
            "animation": lambda s: {"gif": samples.draw_animation(s.generator)},
            "truncations": lambda s: {"png": samples.draw_truncations(s.generator)},
            "real_beside_generated": lambda s: {"png": samples.draw_real_beside_generated(s.generator, s.store)},
            "nearest_neighbours": lambda s: _with_table(
                neighbours.draw_neighbours(s.generator, s.store, s.extractor, s.threads)
            ),
            "translations": lambda s: {"png": translations.draw_translations(cast(Bundle, s.generator), s.store)},
            "completions": lambda s: {"png": completions.draw_completions(cast(Bundle, s.generator), s.store)},
            "masks": lambda s: {"zip": completions.make_masks(cast(Bundle, s.generator), s.store, s.n)},
            "with_holes": lambda s: {"zip": completions.make_holes(cast(Bundle, s.generator), s.store, s.n)},
        },
    ),
    "point": FieldViews(
        fixed=lambda points, columns, _: scatter.draw_points(points, columns),
        row_length=scatter.COUNT,
        side_by_side=lambda rows, note, _: scatter.draw_named_clouds(rows, note),
        views={
            "samples": lambda s: {"png": scatter.draw_samples(s.generator)},
            "interpolation": lambda s: {"png": scatter.draw_interpolation(s.generator)},
            "animation": lambda s: {"gif": scatter.draw_animation(s.generator)},
            "truncations": lambda s: {"png": scatter.draw_truncations(s.generator)},
            "real_beside_generated": lambda s: {"png": scatter.draw_real_beneath_generated(s.generator, s.store)},
            "nearest_neighbours": lambda s: _with_table(
                scatter.draw_neighbours(s.generator, s.store, s.extractor, s.threads)
            ),
        },
    ),
    "wave": FieldViews(
        fixed=lambda waves, columns, _: spectrograms.draw_grid(waves, columns),
        row_length=samples.COLUMNS,
        side_by_side=lambda rows, note, _: spectrograms.draw_rows(rows, note),
        views={
            "samples": lambda s: {"png": samples.draw_samples(spectrograms.Drawn(s.generator))},
            "real_beside_generated": lambda s: {"png": spectrograms.draw_real_beside_generated(s.generator, s.store)},
            "nearest_neighbours": lambda s: _with_table(
                neighbours.draw_neighbours(s.generator, s.store, s.extractor, s.threads, spectrograms.DRAWING)
            ),
            "players": lambda s: {"html": players.make_page(s.generator, s.store)},
        },
    ),
    "tokens": FieldViews(
        fixed=lambda tokens, columns, vocabulary: lines.draw_fixed(tokens, _require(vocabulary)),
        row_length=lines.COUNT,
        side_by_side=lambda rows, note, vocabulary: lines.draw_named_lines(rows, note, _require(vocabulary)),
        views={
            "samples": lambda s: {
                "png": lines.draw_samples(s.generator, s.store),
                "md": lines.list_samples(s.generator, s.store),
            },
            "temperatures": _measure_temperatures,
        },
    ),
}
"""Field → how its samples are drawn; the only place where reporting depends on the kind of samples."""
