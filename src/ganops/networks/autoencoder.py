"""A GAN generator built as an autoencoder: noise, an encoder to a small code, a decoder to pictures.

All parts are trained together by the adversarial loss alone (nothing is reconstructed), against the discriminator of
`vanilla`. Sizes: z → w → w/2 → code w/4, then w → 2w → C · H · W, with batch normalisation and LeakyReLU as in
`vanilla`. The class enters only the decoder, so that codes are shared between classes.
"""

from jaxtyping import Float, Int
from torch import Tensor, nn

from ganops.networks.layers import ClassEmbedding, with_init_std
from ganops.networks.vanilla import HiddenLayers, PictureLayer
from ganops.training_settings import SampleSpec

_EMBEDDING_DIMENSION = 64


class Generator(nn.Module):
    """(B, z) and labels → pictures (B, C, H, W) in [−1, 1]."""

    def __init__(self, latent_dimension: int, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        code = max(1, base_channels // 4)
        self.encoder = HiddenLayers([latent_dimension, base_channels, 2 * code], embedding_dimension=0)
        self.bottleneck = with_init_std(nn.Linear(2 * code, code))
        self.embedding = ClassEmbedding(spec.classes, _EMBEDDING_DIMENSION) if spec.classes else None
        self.decoder = HiddenLayers(
            [code, base_channels, 2 * base_channels], _EMBEDDING_DIMENSION if spec.classes else 0
        )
        self.last = PictureLayer(2 * base_channels, spec)

    def forward(
        self, latent: Float[Tensor, "batch latent"], label: Int[Tensor, " batch"] | None = None
    ) -> Float[Tensor, "batch channels height width"]:
        """Compute pictures from latents and labels."""
        embedded = None if self.embedding is None else self.embedding(label)
        return self.last(self.decoder(self.bottleneck(self.encoder(latent, None)), embedded))
