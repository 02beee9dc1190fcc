"""A GAN of text: maximum likelihood first, then a discriminator too, by Gumbel-softmax and with the likelihood kept on.

Tokens are drawn by the Gumbel-max trick, and the gradient is that of the softmax (the straight-through Gumbel-softmax
of Jang et al. 2017, "Categorical Reparameterization with Gumbel-Softmax", section 2.2), so that the discriminator reads
lines of single tokens, as the real ones are. Against a relativistic discriminator, as RelGAN (Nie et al. 2019).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, cast

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from ganops.data.vocabulary import END
from ganops.games.game import Batch, Buffers, Losses, LossWeights, Networks, Update, adversarial_updates
from ganops.games.language_model import TextGame, negative_log_likelihood
from ganops.games.request import GenerationRequest
from ganops.networks.recurrent import Discriminator, Generator
from ganops.noise import Noise
from ganops.objectives.losses import Objective
from ganops.objectives.penalties import squared_gradient

# Weights of tokens (n, V) → embedded tokens (n, E).
Embed = Callable[[Tensor], Tensor]
# The least uniform value: −log(−log u) of 0 is infinite.
_LEAST_UNIFORM = 2.0**-25


@dataclass(frozen=True)
class TextGan(TextGame):
    """min_G max_D over `objective`, with λ · −log p(x) added to G's loss and γ · R1 at embedded real lines to D's.

    Attributes:
        adversary_from: images seen from which on there is a discriminator; before, G's loss is −log p(x) alone.
        gumbel_temperature: of the softmax whose gradient is taken.
    """

    objective: Objective
    discriminator_steps: int
    length: int
    adversary_from: int
    gumbel_temperature: float

    players: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "discriminator": ("discriminator",),
        "generator": ("generator",),
    }
    penalty_weights = frozenset({"r1_gamma"})

    def updates(self, images_seen: int) -> tuple[Update, ...]:
        """Return one update of G; once there is an adversary, k of D, each on lines of its own, then one of G."""
        if images_seen < self.adversary_from:
            return (Update("generator", 0, 0, 1),)
        return adversarial_updates(self.discriminator_steps, self.objective.relativistic)

    def losses(
        self, player: str, networks: Networks, batch: Batch, noise: Noise, weights: LossWeights, buffers: Buffers
    ) -> Losses:
        """Compute the adversarial losses, with R1 for D and the likelihood for G."""
        lines = batch["tokens"]
        if player == "discriminator":
            return self._discriminate(networks, lines, noise, weights)
        generator = cast(Generator, networks["generator"])
        likelihood = negative_log_likelihood(generator, lines, noise)
        if not weights["adversarial_weight"]:
            return Losses({"loss/likelihood": likelihood})
        discriminator = cast(Discriminator, networks["discriminator"])
        fake_logits = discriminator(self.relax(generator, discriminator.embed_weights, noise)).float()
        with torch.no_grad():
            relativistic = self.objective.relativistic
            real_logits = discriminator(discriminator.embed(lines)).float() if relativistic else None
        adversarial = weights["adversarial_weight"] * self.objective.generator(real_logits, fake_logits)
        return Losses({"loss/generator": adversarial, "loss/likelihood": weights["likelihood_weight"] * likelihood})

    def penalties(
        self, player: str, networks: Networks, batch: Batch, noise: Noise, weights: LossWeights, buffers: Buffers
    ) -> Losses:
        """Compute R1 alone; the generator has no penalty."""
        if player != "discriminator" or not weights["r1_gamma"]:
            return Losses({})
        discriminator = cast(Discriminator, networks["discriminator"])
        embedded = discriminator.embed(batch["tokens"])
        return Losses(_r1(discriminator(embedded).float(), embedded, weights))

    def relax(self, generator: Generator, embed: Embed, noise: Noise) -> Float[Tensor, "batch length embedding"]:
        """Draw lines and embed them, with the gradient of the softmax in place of that of drawing.

        After a line's end there is token 0, without a gradient. Most lines are much shorter than the longest: logits
        and noise of positions after an end are left out.
        """
        device, vocabulary = noise.device, generator.embedding.num_embeddings
        previous = torch.full((noise.count, 1), END, device=device)
        after_end = embed(F.one_hot(previous[:, 0], vocabulary).float())
        alive, state, positions = torch.ones_like(previous[:, 0], dtype=torch.bool), None, []
        for position in range(self.length):
            (rows,) = alive.nonzero(as_tuple=True)
            if not len(rows):
                break
            hidden, state = generator(previous, state)
            uniform = noise.uniform(f"gumbel/{position}", (vocabulary,))[rows]
            logits = generator.predict(hidden[rows, 0]).float()
            weights, tokens = relax_tokens(logits, uniform, self.gumbel_temperature)
            positions.append(after_end.index_put((rows,), embed(weights)))
            previous = torch.full_like(previous, END).index_put((rows,), tokens[:, None])
            alive = previous[:, 0] != END
        return torch.stack(positions + [after_end] * (self.length - len(positions)), dim=1)

    def _discriminate(self, networks: Networks, lines: Tensor, noise: Noise, weights: LossWeights) -> Losses:
        discriminator = cast(Discriminator, networks["discriminator"])
        with torch.no_grad():
            fake = self.sample(networks, self.draw_inputs(GenerationRequest(n=noise.count), noise, {}, "discriminator"))
        embedded = discriminator.embed(lines)
        real_logits, fake_logits = discriminator(embedded).float(), discriminator(discriminator.embed(fake)).float()
        terms = {"loss/discriminator": self.objective.discriminator(real_logits, fake_logits)}
        terms |= _r1(real_logits, embedded, weights)
        return Losses(terms, {"logit/real": real_logits, "logit/fake": fake_logits})


def relax_tokens(
    logits: Float[Tensor, "batch vocabulary"], uniform: Float[Tensor, "batch vocabulary"], temperature: float
) -> tuple[Float[Tensor, "batch vocabulary"], Int64[Tensor, " batch"]]:
    """Draw a token for each row of logits; return it as a row of weights, and its number.

    With g = −log(−log u) the token is argmax(logits + g), and the weights are 1 there, with the gradient of
    softmax((logits + g) / temperature).
    """
    gumbel = -torch.log(-torch.log(uniform.clamp(min=_LEAST_UNIFORM)))
    perturbed = logits + gumbel
    soft, tokens = (perturbed / temperature).softmax(1), perturbed.argmax(1)
    hard = F.one_hot(tokens, logits.shape[1]).to(soft.dtype)
    return hard + (soft - soft.detach()), tokens


def _r1(logits: Tensor, embedded: Tensor, weights: LossWeights) -> dict[str, Tensor]:
    gamma = weights.get("r1_gamma", 0.0)
    return {"penalty/r1": gamma * squared_gradient(logits, embedded)} if gamma else {}
