"""Draw clips of sound as spectrograms: time to the right, frequency upwards, white for loud, black for zero."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Int16, UInt8
from PIL import Image
from torch import Tensor

from ganops.data.encodings import decode_images, encode_waves
from ganops.data.store import Store
from ganops.games.request import LatentRequest
from ganops.reporting import samples
from ganops.reporting.neighbours import Drawing
from ganops.reporting.sheet import draw_named_rows, readable_grid
from ganops.sampling import Samples
from ganops.spectrogram import Spectrogram

# Frames a window, and the square of the window over the samples of a clip: nearly as many frames as bins.
_OVERLAP, _WINDOW_SQUARED = 4, 12


def draw_spectrograms(waves: Int16[Tensor, "n 1 samples"]) -> UInt8[Tensor, "n 1 bins frames"]:
    """Return the spectrograms as pictures; their window is the power of two nearest to √(12 N) samples."""
    length = waves.shape[2]
    window = 2 ** max(3, round(math.log2(_WINDOW_SQUARED * length) / 2))
    values = Spectrogram(length, window, window // _OVERLAP).encode(encode_waves(waves))
    return decode_images(values.flip(2))


DRAWING = Drawing("wave", "spectrogram", draw_spectrograms)


@dataclass(frozen=True)
class Drawn:
    """A generator of clips as one of pictures: its spectrograms."""

    generator: samples.SamplerLike

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the names of the data's classes."""
        return self.generator.classes

    def generate(self, request: LatentRequest) -> Samples:
        """Return the spectrograms of the samples of a request."""
        made = self.generator.generate(request)
        return Samples(draw_spectrograms(made.values), made.labels)

    def interpolate(self, *args: Any, **options: Any) -> Tensor:
        """Return the spectrograms of an interpolation."""
        return draw_spectrograms(self.generator.interpolate(*args, **options))


def draw_grid(waves: Int16[Tensor, "n 1 samples"], columns: int) -> Image.Image:
    """Draw a grid of spectrograms."""
    return readable_grid(draw_spectrograms(waves), columns)


def draw_rows(rows: Mapping[str, Int16[Tensor, "_ 1 samples"]], note: str = "") -> Image.Image:
    """Draw a row of spectrograms per name; `note` is a line at the foot."""
    return draw_named_rows({name: draw_spectrograms(waves) for name, waves in rows.items()}, note)


def draw_real_beside_generated(generator: samples.SamplerLike, store: Store) -> Image.Image:
    """Draw spectrograms of five training clips and of five samples per class."""

    def read(indices: Any) -> Tensor:
        return draw_spectrograms(torch.from_numpy(store.read("wave", indices)))

    return samples.draw_real_beside_generated(Drawn(generator), store, read)
