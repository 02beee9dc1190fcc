"""A recurrent model of text, and a convolutional discriminator of it.

Generator: an embedding, one layer of gated recurrent units (Cho et al. 2014), and an output layer whose weights are the
embedding's (Press and Wolf 2017, "Using the Output Embedding to Improve Language Models"). Discriminator: an embedding
of its own, two convolutions over three tokens, the largest and the mean value over the line (after Kim 2014,
"Convolutional Neural Networks for Sentence Classification"). All layers are `base_channels` wide.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from ganops.networks.dropout import dropout
from ganops.networks.layers import with_init_std
from ganops.noise import Noise
from ganops.training_settings import SampleSpec

_SLOPE, _KERNEL = 0.2, 3


class Generator(nn.Module):
    """Tokens (B, T) and the state before them → hidden values (B, T, H), and the state after them (B, H)."""

    def __init__(self, dropout: float, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        self.dropout = dropout
        self.embedding = nn.Embedding(spec.channels, base_channels)
        self.recurrence = nn.GRU(base_channels, base_channels, batch_first=True)
        for layer in (self.embedding, self.recurrence):
            layer.init_std = 1 / math.sqrt(base_channels)  # pyright: ignore[reportArgumentType, reportAttributeAccessIssue]
        self.bias = nn.Parameter(torch.zeros(spec.channels))

    def forward(
        self,
        tokens: Int[Tensor, "batch time"],
        state: Float[Tensor, "batch hidden"] | None = None,
        noise: Noise | None = None,
    ) -> tuple[Float[Tensor, "batch time hidden"], Float[Tensor, "batch hidden"]]:
        """Compute hidden values; `noise` is that of dropout, which is left out without it."""
        embedded = self._drop(self.embedding(tokens), noise, "embedding")
        hidden, last = self.recurrence(embedded, None if state is None else state[None])
        return self._drop(hidden, noise, "hidden"), last[0]

    def predict(self, hidden: Float[Tensor, "*batch hidden"]) -> Float[Tensor, "*batch vocabulary"]:
        """Compute the logits of the token that follows."""
        return F.linear(hidden, self.embedding.weight, self.bias)

    def _drop(self, values: Tensor, noise: Noise | None, stream: str) -> Tensor:
        return values if noise is None or not self.dropout else dropout(values, noise, stream, self.dropout)


class Discriminator(nn.Module):
    """Embedded tokens (B, L, E) → logits (B, 1)."""

    def __init__(self, base_channels: int, spec: SampleSpec) -> None:
        super().__init__()
        self.embedding = nn.Embedding(spec.channels, base_channels)
        self.embedding.init_std = 1 / math.sqrt(base_channels)  # pyright: ignore[reportArgumentType, reportAttributeAccessIssue]
        gain = math.sqrt(2 / (1 + _SLOPE**2))
        self.first = _convolution(base_channels, gain)
        self.second = _convolution(base_channels, gain)
        self.last = with_init_std(nn.Linear(2 * base_channels, 1))

    def embed(self, tokens: Int[Tensor, "batch length"]) -> Float[Tensor, "batch length embedding"]:
        """Embed numbers of tokens."""
        return self.embedding(tokens)

    def embed_weights(self, weights: Float[Tensor, "*batch vocabulary"]) -> Float[Tensor, "*batch embedding"]:
        """Embed weights of tokens: of a single 1 what `embed` does, with a gradient for the weights."""
        return weights @ self.embedding.weight

    def forward(self, embedded: Float[Tensor, "batch length embedding"]) -> Float[Tensor, "batch 1"]:
        """Compute one logit per line."""
        values = F.leaky_relu(self.first(embedded.transpose(1, 2)), _SLOPE)
        values = F.leaky_relu(self.second(values), _SLOPE)
        return self.last(torch.cat([values.amax(2), values.mean(2)], dim=1))


def _convolution(channels: int, gain: float) -> nn.Conv1d:
    layer = nn.Conv1d(channels, channels, _KERNEL, padding="same")
    layer.init_std = gain / math.sqrt(channels * _KERNEL)  # pyright: ignore[reportArgumentType, reportAttributeAccessIssue]
    return layer
