"""Settings and batches of every game that a recipe names: those of a new recipe are among them by themselves."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from ganops.config import FieldName
from ganops.data.encodings import encode_images, encode_points, encode_waves
from ganops.data.loader import Read
from ganops.games.game import Batch, Game
from ganops.games.masks import draw_masks
from ganops.games.recipes import RECIPES
from ganops.noise import Noise
from ganops.training_settings import SampleSpec, Settings

from ..parameters import images, lines, points, resolve_settings, waves

_SAMPLES: Mapping[FieldName, SampleSpec] = {
    "image": images(1, 12, 9, 3),
    "point": points(2, 3),
    "wave": waves(94, 3),
    "tokens": lines(11, 7),
}
_VARIANTS: dict[str, dict[str, Any]] = {
    "adaptive augmentation": {"recipe": "dcgan", "probability": 0.5, "target": 0.6},
    "points": {"recipe": "r3gan", "sample": points(2, 3)},
    "masks of files": {
        "recipe": "completion",
        "mask": "files",
        "sample": images(1, 12, 9, 3).model_copy(update={"masks": True}),
    },
    "several completions": {"recipe": "completion", "noise_dimension": 3, "feature_matching_weight": 1.0},
    "an adversary from the start": {"recipe": "text_gan", "adversary_from": 0.0},
}
# What a recipe for another field than pictures needs.
_NEEDS = {
    "spectrogram_gan": {"recipe": "spectrogram_gan", "window": 16, "hop": 8},
    # Two levels, so that phases are shuffled.
    "wavegan": {"recipe": "wavegan", "sample": waves(300, 3)},
}
CASES = [*sorted(RECIPES), *_VARIANTS]
# The first recipe of each kind of game.
KINDS = {recipe.game.kind: name for name, recipe in reversed(RECIPES.items())}


def case_settings(case: str, **changed: Any) -> Settings:
    """Return settings of a training of 80 images that takes milliseconds."""
    variant = {**_VARIANTS, **_NEEDS}.get(case, {"recipe": case})
    sample = _SAMPLES[RECIPES[variant["recipe"]].field]
    tiny = {"sample": sample, "base_channels": 4, "batch": 8, "total_images": 80, "log_every_images": 16}
    return resolve_settings(**{**tiny, **variant, **changed})


class FieldBatches:
    """Batches of what a game reads, each sample addressed by its own position: a data set that needs no store."""

    def __init__(self, game: Game, sample: SampleSpec) -> None:
        self._reads, self._sample = game.reads(), sample

    def batch(self, first: int, count: int) -> dict[str, Tensor]:
        return {read.name: _FIELDS[read.field](read, self._sample, Noise(0, first, count)) for read in self._reads}


def conditions(game: Game, sample: SampleSpec, count: int) -> Batch:
    """Return the conditions of the first samples."""
    batch = FieldBatches(game, sample).batch(0, count)
    return {name: batch[name] for name in game.conditions}


def _images(read: Read, sample: SampleSpec, noise: Noise) -> Tensor:
    return encode_images(noise.integers(read.name, 256, (sample.channels, *sample.size)).to(torch.uint8))


def _inputs(read: Read, sample: SampleSpec, noise: Noise) -> Tensor:
    return encode_images(noise.integers(read.name, 256, (sample.input_channels, *sample.size)).to(torch.uint8))


def _points(read: Read, sample: SampleSpec, noise: Noise) -> Tensor:
    return encode_points(noise.normal(read.name, (sample.channels,)))


def _waves(read: Read, sample: SampleSpec, noise: Noise) -> Tensor:
    return encode_waves((noise.integers(read.name, 2**16, (1, sample.image_width)) - 2**15).to(torch.int16))


def _lines(read: Read, sample: SampleSpec, noise: Noise) -> Tensor:
    """Return lines of half the greatest length on average."""
    tokens = noise.integers(read.name, sample.channels - 1, (sample.image_width,)) + 1
    lengths = noise.integers(f"{read.name}/lengths", sample.image_width + 1)[:, None]
    return torch.where(torch.arange(sample.image_width) < lengths, tokens, 0)


def _labels(read: Read, sample: SampleSpec, noise: Noise) -> Tensor:
    positions = torch.arange(noise.first, noise.first + noise.count)
    return positions % sample.classes if read.where is None else torch.full_like(positions, read.where)


def _masks(read: Read, sample: SampleSpec, noise: Noise) -> Tensor:
    return draw_masks("box", 0.3, sample.size, noise)


_VALUES: Mapping[FieldName, Callable[[Read, SampleSpec, Noise], Tensor]] = {
    "image": _images,
    "point": _points,
    "wave": _waves,
    "tokens": _lines,
}
_FIELDS = {**_VALUES, "label": _labels, "input": _inputs, "mask": _masks}
