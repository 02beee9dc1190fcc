"""The GAN of Goodfellow et al. 2014 on spectrograms of waves: its networks are those of pictures, its samples waves."""

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from ganops.games.game import Networks
from ganops.games.wavegan import WaveGan
from ganops.spectrogram import Spectrogram


@dataclass(frozen=True, kw_only=True)
class SpectrogramGan(WaveGan):
    """`WaveGan`, where both players have log-magnitude spectrograms, and a sample's phases are searched.

    Attributes:
        spectrogram: between waves and what the networks have.
        phase_iterations: of that search, see `Spectrogram.decode`.
    """

    spectrogram: Spectrogram
    phase_iterations: int

    def represent(self, samples: Float[Tensor, "batch 1 samples"]) -> Float[Tensor, "batch 1 bins frames"]:
        """Return the spectrograms of waves."""
        return self.spectrogram.encode(samples)

    def sample(self, networks: Networks, inputs: Mapping[str, Tensor]) -> Float[Tensor, "batch 1 samples"]:
        """Return waves whose spectrograms are near G(z, y)."""
        return self.spectrogram.decode(self.generate(networks, inputs), self.phase_iterations)

    def sample_represented(
        self, networks: Networks, inputs: Mapping[str, Tensor]
    ) -> Float[Tensor, "batch 1 bins frames"]:
        """Return G(z, y): who reads spectrograms needs no phases."""
        return self.generate(networks, inputs)
