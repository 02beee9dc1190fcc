"""Paired translation: a picture becomes another, whose truth is known in training (pix2pix).

Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks". Different from the paper: the
generator has no dropout, so that a picture has one translation (the authors found its noise to be ignored).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ganops.data.crop_and_resize import crop_and_resize
from ganops.data.encodings import decode
from ganops.data.loader import Read, read_fields
from ganops.games.game import Baseline, Batch, PairedMetric
from ganops.games.picture_to_picture import FromInput, WithTarget, measure_psnr
from ganops.noise import Noise


@dataclass(frozen=True)
class Translation(FromInput, WithTarget):
    """The field `input` is translated into the field `image`.

    Attributes:
        channels: of the translations.
    """

    channels: int

    condition = "input"

    @property
    def paired_metrics(self) -> Mapping[str, PairedMetric]:
        """Return the mean L1 distance, from 0 to 1, and the peak signal-to-noise ratio of all pictures, in dB."""
        return {"l1": _measure_l1, "psnr": _measure_psnr}

    @property
    def baselines(self) -> Mapping[str, Baseline]:
        """Return the input itself: repeated for each colour where it is grey, its luma where the target is grey."""
        return {"identity": self._repeat_input}

    def reads(self) -> tuple[Read, ...]:
        """Return inputs and pictures, without labels."""
        return read_fields("input", "image")

    def inputs_of(self, batch: Batch, noise: Noise) -> dict[str, Tensor]:
        """Return the inputs."""
        return {"input": batch["input"]}

    def distance(self, fake: Tensor, target: Tensor, inputs: Batch) -> Float[Tensor, " batch"]:
        """Return the mean absolute difference of all values."""
        return (fake - target).abs().flatten(1).mean(1)

    def _repeat_input(self, conditions: Batch) -> Tensor:
        """Return the inputs as stored pictures of the translations' channels."""
        stored = decode("image", conditions["input"]).numpy()
        shape = (self.channels, *stored.shape[2:])
        return torch.from_numpy(np.stack([crop_and_resize(one.transpose(1, 2, 0), shape) for one in stored]))


def _measure_l1(samples: Tensor, targets: Tensor, conditions: Batch) -> float:
    return float((samples / 255 - targets / 255).abs().mean(dtype=torch.float64))


def _measure_psnr(samples: Tensor, targets: Tensor, conditions: Batch) -> float:
    return measure_psnr(samples, targets, torch.ones(len(targets), 1, *targets.shape[2:]))
