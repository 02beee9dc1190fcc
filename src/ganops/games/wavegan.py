"""The GAN of Goodfellow et al. 2014 on waves, as Donahue et al. 2019 trained it: "Adversarial Audio Synthesis"."""

from dataclasses import dataclass, field
from typing import ClassVar

from ganops.games.latent_gan import LatentGan
from ganops.games.request import ClipRequest, GenerationRequest


@dataclass(frozen=True, kw_only=True)
class WaveGan(LatentGan):
    """`LatentGan`, whose samples are clips of sound."""

    projection: None = field(default=None, init=False)

    request: ClassVar[type[GenerationRequest]] = ClipRequest
    views: ClassVar[tuple[str, ...]] = ("samples", "real_beside_generated", "nearest_neighbours", "players")
