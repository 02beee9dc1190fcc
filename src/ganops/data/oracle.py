"""The synthetic oracle of SeqGAN: a language whose probabilities are known (Yu et al. 2017, section 4.1).

A recurrent network of long short-term memory (Hochreiter and Schmidhuber 1997) whose weights and biases are drawn from
N(0, 1), untrained: embeddings of 32 values, 32 hidden units, a vocabulary of 5,000, lines of 20 tokens. It starts from
zeros and the embedding of token 0, as the authors' program does. In float64, so that drawn lines are the same on every
machine.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from ganops.noise import Noise

VOCABULARY, LENGTH = 5000, 20
_WIDTH, _GATES, _START = 32, 4, 0

State = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Oracle:
    """p(x) = Π p(xₜ | x₁ … xₜ₋₁) over lines of a fixed length.

    Attributes:
        embedding: (V, H).
        recurrence: (4H, 2H), of the embedded token and of the hidden values: gates i, f, g, o.
        recurrence_bias: (4H).
        output: (V, H).
        output_bias: (V).
    """

    embedding: Float[Tensor, "vocabulary width"]
    recurrence: Float[Tensor, "gates both"]
    recurrence_bias: Float[Tensor, " gates"]
    output: Float[Tensor, "vocabulary width"]
    output_bias: Float[Tensor, " vocabulary"]

    @classmethod
    def draw(cls, seed: int = 0, vocabulary: int = VOCABULARY, width: int = _WIDTH) -> "Oracle":
        """Draw the weights."""
        by_token, by_gate = Noise(seed, 0, vocabulary), Noise(seed, 0, _GATES * width)
        return cls(
            by_token.normal("oracle/embedding", (width,)).double(),
            by_gate.normal("oracle/recurrence", (2 * width,)).double(),
            by_gate.normal("oracle/recurrence_bias").double(),
            by_token.normal("oracle/output", (width,)).double(),
            by_token.normal("oracle/output_bias").double(),
        )

    def sample(self, uniform: Float[Tensor, "n length"]) -> Int64[Tensor, "n length"]:
        """Draw lines: at each position the token at which the distribution function passes the uniform value."""
        drawn = torch.zeros(uniform.shape, dtype=torch.int64)
        for position, log_probabilities in enumerate(self._walk(drawn)):
            cumulative = log_probabilities.exp().cumsum(1)
            thresholds = uniform[:, position, None].double() * cumulative[:, -1:]
            drawn[:, position] = torch.searchsorted(cumulative, thresholds, right=True)[:, 0]
        return drawn

    def score(self, lines: Int64[Tensor, "n length"]) -> Float[Tensor, "n length"]:
        """Return log p(xₜ | x₁ … xₜ₋₁) of each token, in nats."""
        steps = [step.gather(1, lines[:, at, None]) for at, step in enumerate(self._walk(lines))]
        return torch.cat(steps, dim=1)

    def _walk(self, lines: Int64[Tensor, "n length"]) -> Iterator[Float[Tensor, "n vocabulary"]]:
        """Yield log p(· | x₁ … xₜ₋₁) of each position; a position is read only after it was yielded."""
        hidden = cell = torch.zeros(len(lines), self.embedding.shape[1], dtype=torch.float64)
        previous = torch.full_like(lines[:, 0], _START)
        for position in range(lines.shape[1]):
            inputs = torch.cat([self.embedding[previous], hidden], dim=1)
            entry, forget, candidate, exit_ = F.linear(inputs, self.recurrence, self.recurrence_bias).chunk(_GATES, 1)
            cell = forget.sigmoid() * cell + entry.sigmoid() * candidate.tanh()
            hidden = exit_.sigmoid() * cell.tanh()
            yield F.linear(hidden, self.output, self.output_bias).log_softmax(1)
            previous = lines[:, position]
