"""An autoregressive model of text, p(x) = Π p(xₜ | x₁ … xₜ₋₁), trained by maximum likelihood: the baseline of text.

A line ends with token 0, or at its greatest length L, where no token 0 follows. So the probabilities of all lines of at
most L tokens sum to 1, and tokens after the end have no part in them.
"""

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, cast

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor

from ganops.config import FieldName
from ganops.data.loader import Read, read_fields
from ganops.data.vocabulary import END
from ganops.games.game import Batch, Buffers, Game, Losses, LossWeights, Networks
from ganops.games.request import GenerationRequest, TextRequest
from ganops.networks.recurrent import Generator
from ganops.noise import Noise

Lines = Int64[Tensor, "batch length"]


class TextGame(Game, ABC):
    """A game whose generator is an autoregressive model of text.

    Attributes:
        length: the greatest number of tokens in a line.
    """

    length: int

    generates: FieldName = "tokens"
    inference_networks = ("generator",)
    request = TextRequest
    optional_conditions = ("prompt",)
    scores = ("nll",)
    views = ("samples", "temperatures")

    def reads(self) -> tuple[Read, ...]:
        """Return lines."""
        return read_fields(self.generates)

    def draw_inputs(
        self, request: GenerationRequest, noise: Noise, conditions: Batch, stream: str = "request"
    ) -> dict[str, Tensor]:
        """Return `uniform`, (n, L) values that choose the tokens, `inverse_temperature` (n,), and `prompt` (n, L)."""
        temperature = request.temperature if isinstance(request, TextRequest) else 1.0
        uniform = noise.uniform(f"{stream}/tokens", (self.length,))
        prompt = torch.full_like(uniform, END, dtype=torch.int64)
        if "prompt" in conditions:
            prompt[:, : conditions["prompt"].shape[1]] = conditions["prompt"]
        return {
            "uniform": uniform,
            "inverse_temperature": torch.full_like(uniform[:, 0], 1 / temperature),
            "prompt": prompt,
        }

    def sample(self, networks: Networks, inputs: Mapping[str, Tensor]) -> Lines:
        """Draw xₜ from softmax(logits / temperature), one token after the other, where the prompt has ended."""
        generator, uniform, prompt = cast(Generator, networks["generator"]), inputs["uniform"], inputs["prompt"]
        tokens, state = torch.zeros_like(uniform, dtype=torch.int64), None
        previous = tokens.new_full((len(tokens), 1), END)
        for position in range(self.length):
            hidden, state = generator(previous, state)
            logits = generator.predict(hidden[:, 0]).float() * inputs["inverse_temperature"][:, None]
            drawn = choose(logits.softmax(1), uniform[:, position])
            tokens[:, position] = torch.where(prompt[:, position] == END, drawn, prompt[:, position])
            previous = tokens[:, position, None]
        return tokens * in_line(tokens)

    def score(self, networks: Networks, batch: Batch) -> dict[str, Float[Tensor, " batch"]]:
        """Return `nll`, −log p(x) of each line in nats."""
        return {"nll": negative_log_likelihood(cast(Generator, networks["generator"]), batch[self.generates])}


@dataclass(frozen=True)
class LanguageModel(TextGame):
    """Minimizes −log p(x), in nats a line."""

    length: int

    players: ClassVar[Mapping[str, tuple[str, ...]]] = {"generator": ("generator",)}

    def losses(
        self, player: str, networks: Networks, batch: Batch, noise: Noise, weights: LossWeights, buffers: Buffers
    ) -> Losses:
        """Compute −log p(x), with dropout."""
        generator = cast(Generator, networks["generator"])
        return Losses({"loss/likelihood": negative_log_likelihood(generator, batch["tokens"], noise)})


def negative_log_likelihood(generator: Generator, lines: Lines, noise: Noise | None = None) -> Float[Tensor, " batch"]:
    """Return −Σ log p(xₜ | x₁ … xₜ₋₁) over a line and its end, in nats; with dropout where noise is given.

    Logits are computed for these tokens alone: most of the work is in them, and most of a batch follows the ends.
    """
    inputs = F.pad(lines[:, :-1], (1, 0), value=END)
    hidden, _ = generator(inputs, None, None if noise is None else noise.substream("dropout"))
    counted = in_line(lines)
    logits = generator.predict(hidden[counted]).float()
    values = hidden.new_zeros(lines.shape, dtype=torch.float32)
    values[counted] = F.cross_entropy(logits, lines[counted], reduction="none")
    return values.sum(1)


def in_line(lines: Lines) -> Bool[Tensor, "batch length"]:
    """Return which tokens belong to a line: those up to the first 0, and that 0."""
    ends = (lines == END).long()
    return ends.cumsum(1) - ends == 0


def choose(
    probabilities: Float[Tensor, "batch vocabulary"], uniform: Float[Tensor, " batch"]
) -> Int64[Tensor, " batch"]:
    """Return the token at which the distribution function passes each uniform value."""
    cumulative = probabilities.cumsum(1)
    chosen = torch.searchsorted(cumulative, uniform[:, None] * cumulative[:, -1:], right=True)
    return chosen[:, 0].clamp(max=probabilities.shape[1] - 1)
