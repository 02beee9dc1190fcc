"""Settings and batches of every game that a recipe names: those of a new recipe are among them by themselves."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from ganops.config import FieldName
from ganops.data.encodings import encode_images, encode_points, encode_waves
from ganops.data.loader import Read
from ganops.games.game import Batch, Game
from ganops.games.recipes import RECIPES
from ganops.noise import Noise
from ganops.training_settings import SampleSpec, Settings

from ..parameters import images, points, resolve_settings, waves

_VARIANTS = {
    "adaptive augmentation": {"recipe": "dcgan", "probability": 0.5, "target": 0.6},
    "points": {"recipe": "r3gan", "sample": points(2, 3)},
}
# What a recipe for another field than pictures needs.
_NEEDS = {"spectrogram_gan": {"recipe": "spectrogram_gan", "sample": waves(94, 3), "window": 16, "hop": 8}}
CASES = [*sorted(RECIPES), *_VARIANTS]
# The first recipe of each kind of game.
KINDS = {recipe.game.kind: name for name, recipe in reversed(RECIPES.items())}


def case_settings(case: str, **changed: Any) -> Settings:
    """Return settings of a training of 80 images that takes milliseconds."""
    tiny = {"sample": images(1, 12, 9, 3), "base_channels": 4, "batch": 8, "total_images": 80, "log_every_images": 16}
    return resolve_settings(**{**tiny, **{**_VARIANTS, **_NEEDS}.get(case, {"recipe": case}), **changed})


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


def _labels(read: Read, sample: SampleSpec, noise: Noise) -> Tensor:
    positions = torch.arange(noise.first, noise.first + noise.count)
    return positions % sample.classes if read.where is None else torch.full_like(positions, read.where)


_VALUES: Mapping[FieldName, Callable[[Read, SampleSpec, Noise], Tensor]] = {
    "image": _images,
    "point": _points,
    "wave": _waves,
}
_FIELDS = {**_VALUES, "label": _labels, "input": _inputs}
