"""Unpaired translation by two generators: pictures of one class become pictures of another, and back (CycleGAN).

Zhu et al. 2017, "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks": G translates x into
the domain of y, F translates back. To two adversarial losses they add λ · (‖F(G(x)) − x‖₁ + ‖G(F(y)) − y‖₁) (equation
2) and the identity loss ‖G(y) − y‖₁ + ‖F(x) − x‖₁ (section 5.2). The discriminators see earlier translations again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ganops.games.game import Batch, Buffers, Losses, LossWeights, Networks, Update, adversarial_updates
from ganops.games.image_pool import empty_pool, exchange, store
from ganops.games.picture_to_picture import Unpaired, weigh_r1
from ganops.noise import Noise
from ganops.objectives.losses import Objective


@dataclass(frozen=True)
class _Direction:
    """One of the two translations.

    Attributes:
        prefix: of the names of its networks, losses and buffers.
        source: the read that it translates.
        target: the read whose domain it translates into.
    """

    prefix: str
    source: str
    target: str


_FORWARD, _BACKWARD = _Direction("", "input", "image"), _Direction("inverse_", "image", "input")
_DIRECTIONS = (_FORWARD, _BACKWARD)
_INVERSE = {_FORWARD: _BACKWARD, _BACKWARD: _FORWARD}


@dataclass(frozen=True)
class CycleGan(Unpaired):
    """Two translations, each with a discriminator, tied by the L1 distances after both.

    Attributes:
        objective: of both.
        discriminator_steps: updates of the discriminators before each of the generators'.
        pool_size: pictures in the pool of each discriminator.
        shape: of a picture: channels, height, width.
    """

    objective: Objective
    discriminator_steps: int
    pool_size: int
    shape: tuple[int, int, int]

    players: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "discriminator": ("discriminator", "inverse_discriminator"),
        "generator": ("generator", "inverse_generator"),
    }
    inference_networks = ("generator", "inverse_generator")
    penalty_weights = frozenset({"r1_gamma"})
    scores = ("cycle_l1",)

    def updates(self, images_seen: int) -> tuple[Update, ...]:
        """Return k updates of both discriminators, each on samples of its own, then one of both generators."""
        return adversarial_updates(self.discriminator_steps, self.objective.relativistic)

    def buffers(self, device: torch.device) -> dict[str, Tensor]:
        """Return a pool of translations for each discriminator."""
        return {
            f"{way.prefix}pool/{name}": value
            for way in _DIRECTIONS
            for name, value in empty_pool(self.pool_size, self.shape, device).items()
        }

    def losses(
        self, player: str, networks: Networks, batch: Batch, noise: Noise, weights: LossWeights, buffers: Buffers
    ) -> Losses:
        """Compute the losses of both directions."""
        if player == "generator":
            return Losses(self._generator_terms(networks, batch, weights))
        parts = [self._discriminate(way, networks, batch, noise, weights, buffers) for way in _DIRECTIONS]
        return Losses(
            terms={name: values for part in parts for name, values in part.terms.items()},
            logged=parts[0].logged,
            kept={name: values for part in parts for name, values in part.kept.items()},
        )

    def penalties(
        self, player: str, networks: Networks, batch: Batch, noise: Noise, weights: LossWeights, buffers: Buffers
    ) -> Losses:
        """Compute R1 of both discriminators; the generators have no penalty."""
        if player != "discriminator" or not weights["r1_gamma"]:
            return Losses({})
        terms: dict[str, Tensor] = {}
        for way in _DIRECTIONS:
            real = batch[way.target].detach().requires_grad_()
            terms |= _r1(way, _logits(way, networks, real), real, weights)
        return Losses(terms)

    def after_update(self, player: str, means: Mapping[str, Tensor], buffers: Buffers, update: int) -> None:
        """Store the translations that the discriminators did not see, and the first ones of all."""
        if player != "discriminator":
            return
        for way in _DIRECTIONS:
            pictures, count = (buffers[f"{way.prefix}pool/{name}"] for name in ("pictures", "count"))
            store(means[f"{way.prefix}fakes"], means[f"{way.prefix}places"], pictures, count)

    def score(self, networks: Networks, batch: Batch) -> dict[str, Float[Tensor, " batch"]]:
        """Return ‖G(F(y)) − y‖₁ of the target's pictures, from 0 to 1."""
        real = batch[_BACKWARD.source]
        there_and_back = _translate(_FORWARD, networks, _translate(_BACKWARD, networks, real))
        return {"cycle_l1": _l1(there_and_back, real) / 2}

    def _discriminate(
        self, way: _Direction, networks: Networks, batch: Batch, noise: Noise, weights: LossWeights, buffers: Buffers
    ) -> Losses:
        fakes = _translate(way, networks, batch[way.source]).detach()
        pictures, count = (buffers[f"{way.prefix}pool/{name}"] for name in ("pictures", "count"))
        seen, places = exchange(fakes, pictures, count, noise.substream(f"{way.prefix}discriminator"))
        real = batch[way.target].detach().requires_grad_(weights.get("r1_gamma", 0.0) > 0)
        real_logits, fake_logits = _logits(way, networks, real), _logits(way, networks, seen)
        terms = {f"loss/{way.prefix}discriminator": self.objective.discriminator(real_logits, fake_logits)}
        terms |= _r1(way, real_logits, real, weights)
        kept = {f"{way.prefix}fakes": fakes, f"{way.prefix}places": places}
        return Losses(terms, {"logit/real": real_logits, "logit/fake": fake_logits}, kept)

    def _generator_terms(self, networks: Networks, batch: Batch, weights: LossWeights) -> dict[str, Tensor]:
        terms: dict[str, Tensor] = {}
        cycles, identities = [], []
        for way in _DIRECTIONS:
            source, target = batch[way.source], batch[way.target]
            fake = _translate(way, networks, source)
            with torch.no_grad():
                real_logits = _logits(way, networks, target) if self.objective.relativistic else None
            adversarial = self.objective.generator(real_logits, _logits(way, networks, fake))
            terms[f"loss/{way.prefix}generator"] = adversarial
            cycles.append(_l1(_translate(_INVERSE[way], networks, fake), source))
            if weights["identity_weight"]:
                identities.append(_l1(_translate(way, networks, target), target))
        terms["loss/cycle"] = weights["cycle_weight"] * (cycles[0] + cycles[1])
        if identities:
            terms["loss/identity"] = weights["identity_weight"] * (identities[0] + identities[1])
        return terms


def _translate(way: _Direction, networks: Networks, pictures: Tensor) -> Tensor:
    return networks[f"{way.prefix}generator"](pictures)


def _logits(way: _Direction, networks: Networks, pictures: Tensor) -> Tensor:
    return networks[f"{way.prefix}discriminator"](pictures).float()


def _l1(ours: Tensor, theirs: Tensor) -> Float[Tensor, " batch"]:
    return (ours - theirs).abs().flatten(1).mean(1)


def _r1(way: _Direction, logits: Tensor, real: Tensor, weights: LossWeights) -> dict[str, Tensor]:
    return weigh_r1(logits, real, weights, f"penalty/{way.prefix}r1")
