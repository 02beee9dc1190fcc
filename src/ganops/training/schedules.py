"""Schedules: values that change with the images seen, as functions of the clock without state of their own.

A ramp moves a value from its start to its end along half a cosine (Huang et al. 2024, R3GAN, appendix D). Each new
attempt is gentler than the one before: half the learning rate, and twice the γ of R1 and R2.
"""

import math
from dataclasses import dataclass

from ganops.parameters import Onset, Ramp
from ganops.training_settings import Settings

RATE_FACTOR, GAMMA_FACTOR = 0.5, 2.0
"""changes of each new attempt"""
_GENTLER_GAMMAS = frozenset({"r1_gamma", "r2_gamma"})


@dataclass(frozen=True)
class AdamSettings:
    """The hyperparameters of one step of Adam."""

    learning_rate: float
    beta1: float
    beta2: float


@dataclass(frozen=True)
class Every:
    """Due whenever the clock passes a multiple of `images`: a function of the clock, without state of its own."""

    images: int

    def due(self, before: int, images_seen: int) -> bool:
        """Return whether the clock passed a multiple between two iterations."""
        return images_seen // self.images > before // self.images


def log_is_due(settings: Settings, before: int, images_seen: int) -> bool:
    """Return whether the curves get a point after an iteration from `before` to `images_seen`."""
    last = images_seen >= settings.budget.total_images
    return last or Every(settings.cadence.log_every_images).due(before, images_seen)


def adam_settings(settings: Settings, player: str, images_seen: int, attempt: int = 0) -> AdamSettings:
    """Return the rate and the betas of a player's next step.

    With a linear decay the rate falls to zero at total_images (Gulrajani et al. 2017, appendix F). A discriminator with
    lazy penalties takes an extra step of its own in every k-th update, k + 1 steps in place of k: rate and logarithms
    of β are scaled by k / (k + 1) (Karras et al. 2020, StyleGAN2, appendix B).
    """
    optimizer = settings.optimizer
    rate = _value(settings, optimizer.learning_rate, images_seen) * RATE_FACTOR**attempt
    if optimizer.learning_rate_decay == "linear":
        rate *= max(0.0, 1 - images_seen / settings.budget.total_images)
    scale = _lazy_scale(settings, player)
    return AdamSettings(
        learning_rate=rate * scale,
        beta1=optimizer.beta1**scale,
        beta2=_value(settings, optimizer.beta2, images_seen) ** scale,
    )


def loss_weights(settings: Settings, images_seen: int, attempt: int = 0) -> dict[str, float]:
    """Return name → weight of each penalty, and the probability of augmentation where that is not adapted."""
    adversarial, factor = settings.adversarial, GAMMA_FACTOR**attempt
    if adversarial is None:
        return {}
    values = {name: _weight(settings, weight, images_seen) for name, weight in adversarial.loss_weights.items()}
    return {name: value * factor if name in _GENTLER_GAMMAS else value for name, value in values.items()}


def cosine(start: float | int, end: float | int, share: float | int) -> float:
    """Move from `start` at share 0 to `end` at share 1 and beyond, along half a cosine."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


def _lazy_scale(settings: Settings, player: str) -> float:
    adversarial = settings.adversarial
    if player != "discriminator" or adversarial is None or not adversarial.penalties:
        return 1.0
    interval = adversarial.penalty_interval
    return interval / (interval + 1) if interval > 1 else 1.0


def _weight(settings: Settings, weight: Ramp | Onset | float, images_seen: int) -> float:
    match weight:
        case Ramp():
            return _value(settings, weight, images_seen)
        case Onset():
            return weight.value if images_seen >= weight.begins(settings.budget.total_images) else 0.0
    return weight


def _value(settings: Settings, ramp: Ramp, images_seen: int) -> float:
    if not settings.budget.burn_in_images:
        return float(ramp.end)
    return cosine(ramp.start, ramp.end, images_seen / settings.budget.burn_in_images)
