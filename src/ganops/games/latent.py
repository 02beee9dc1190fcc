"""Inputs of games whose samples are made from latents."""

from torch import Tensor

from ganops.games.game import Batch
from ganops.games.request import GenerationRequest, LatentRequest
from ganops.noise import Noise


def draw_latents(
    request: GenerationRequest, noise: Noise, dimension: int, conditions: Batch, stream: str
) -> dict[str, Tensor]:
    """Return `latent`, (n, dimension) standard normal times the request's truncation, and `label` where it is given."""
    truncation = request.truncation if isinstance(request, LatentRequest) else 1.0
    latent = truncation * noise.normal(f"{stream}/latent", (dimension,))
    return {"latent": latent, **{name: conditions[name] for name in ("label",) if name in conditions}}
