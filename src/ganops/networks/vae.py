"""Networks of a convolutional VAE: DCGAN's discriminator trunk encodes, DCGAN's generator decodes."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ganops.networks import dcgan
from ganops.networks.layers import ClassEmbedding, to_vectors
from ganops.training_settings import SampleSpec

_EMBEDDING_DIMENSION = 32


class Encoder(nn.Module):
    """Pictures (B, C, H, W) and labels → mean and log variance of q(z | x, y), each (B, z)."""

    def __init__(self, latent_dimension: int, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        self.downs = dcgan.trunk(base_channels, spec)
        self.last = nn.Linear(dcgan.trunk_features(base_channels, spec), 2 * latent_dimension)
        self.embedding = nn.Embedding(spec.classes, 2 * latent_dimension) if spec.classes else None

    def forward(
        self, pictures: Float[Tensor, "batch channels height width"], label: Int[Tensor, " batch"] | None = None
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """Compute mean and log variance of q(z | x, y)."""
        statistics = self.last(to_vectors(self.downs(pictures)))
        if self.embedding is not None:
            statistics = statistics + self.embedding(label)
        mean, log_variance = statistics.float().chunk(2, dim=1)
        return mean, log_variance


class Decoder(nn.Module):
    """z and labels → the mean of p(x | z, y); `log_deviation` is that Gaussian's shared log σ, a learned parameter.

    Rybkin, Daniilidis and Levine 2021, "Simple and Effective VAE Training with Calibrated Decoders". The class
    embedding is concatenated to z: unlike in a GAN, the variance within a class does not vanish, because each picture
    has to be reconstructed.
    """

    def __init__(self, latent_dimension: int, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        self.embedding = ClassEmbedding(spec.classes, _EMBEDDING_DIMENSION) if spec.classes else None
        inputs = latent_dimension + (_EMBEDDING_DIMENSION if spec.classes else 0)
        self.picture = dcgan.Generator(inputs, base_channels, spec.replace({"classes": 0}))
        self.log_deviation = nn.Parameter(torch.zeros(()))

    def forward(
        self, latent: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch channels height width"]:
        """Compute the mean of p(x | z, y)."""
        if self.embedding is not None:
            latent = torch.cat([latent, self.embedding(label)], dim=1)
        return self.picture(latent)
