"""What changes as images are seen: functions of the clock, so that they need no state of their own.

A burn-in moves a value from its start to its end along half a cosine (Huang et al. 2024, R3GAN, appendix D). A new
attempt at a game that was lost is gentler: half the learning rate and twice the γ of R1 and R2 of the attempt before.
"""

import math
from dataclasses import dataclass

from ganops.games.game import LossWeights
from ganops.training_settings import Settings

GENTLER_RATE, STRONGER_GAMMA = 0.5, 2.0
PENALTIES = ("r1_gamma", "r2_gamma", "gradient_penalty")
# Karras et al. 2020 (StyleGAN2-ADA), appendix B: the average must not remember the first, random weights.
_EMA_RAMP = 0.05


@dataclass(frozen=True)
class AdamSettings:
    """The learning rate and betas of Adam at one update."""

    learning_rate: float
    beta1: float
    beta2: float


def adam_settings(settings: Settings, player: str, images_seen: int, attempt: int = 0) -> AdamSettings:
    """The rate falls linearly to zero at total_images where the recipe says so (Gulrajani et al. 2017, appendix F).

    A discriminator that pays its penalties in a step of its own after every k moves takes k + 1 steps where another
    takes k: rate and logarithms of β are scaled by k / (k + 1) (Karras et al. 2020, StyleGAN2, appendix B).
    """
    rate = _burnt_in(settings, "learning_rate", images_seen) * GENTLER_RATE**attempt
    if settings.learning_rate_decay == "linear":
        rate *= max(0.0, 1 - images_seen / settings.total_images)
    every = settings.penalty_every_moves or 1
    slower = every / (every + 1) if player == "discriminator" and every > 1 and _pays(settings) else 1.0
    return AdamSettings(rate * slower, settings.beta1**slower, _burnt_in(settings, "beta2", images_seen) ** slower)


def loss_weights(settings: Settings, images_seen: int, attempt: int = 0) -> LossWeights:
    """Weights of the penalties and the probability of augmentation, unless that is adapted."""
    if settings.objective is None:
        return {}
    stronger = STRONGER_GAMMA**attempt
    return {
        "r1_gamma": _burnt_in(settings, "r1_gamma", images_seen) * stronger,
        "r2_gamma": _burnt_in(settings, "r2_gamma", images_seen) * stronger,
        "gradient_penalty": settings.gradient_penalty or 0.0,
        "augmentation": _burnt_in(settings, "augmentation", images_seen),
    }


def ema_half_life(settings: Settings, images_seen: int) -> float:
    """min(half-life, 0.05 · images seen), in images."""
    return min(_burnt_in(settings, "ema_half_life_images", images_seen), _EMA_RAMP * images_seen)


def cosine(start: float | int, end: float | int, share: float | int) -> float:
    """From `start` at share 0 to `end` at share 1 and beyond, along half a cosine."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


def _pays(settings: Settings) -> bool:
    """Whether any move of the discriminator has a penalty."""
    return any(getattr(settings, key) for key in (*PENALTIES, *(f"burn_in_{key}" for key in PENALTIES[:2])))


def _burnt_in(settings: Settings, key: str, images_seen: int) -> float:
    start, end = getattr(settings, f"burn_in_{key}"), getattr(settings, key)
    if start is None or not settings.burn_in_images:
        return float(end)
    return cosine(start, end, images_seen / settings.burn_in_images)
