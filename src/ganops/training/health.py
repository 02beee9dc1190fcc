"""Health check of a training, from the curves alone. Pure.

Every signal is a curve and every rule a limit on one. A curve beyond its limit for `patience` points in a row makes the
attempt a failed one, or causes a warning. The check has no memory of its own: all it needs is in the curves, which are
part of the state. EXPERIMENTS.md has the limits, and the range that healthy trainings of every recipe stay in.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from ganops.objectives.build import build_objective
from ganops.training_settings import Settings

# Difference of logits, for objectives that do not estimate a distance of distributions.
_LOGIT_GAP = 100.0
# A critic of slope 1 separates two samples by at most their distance; its penalty holds the slope only roughly.
_CRITIC_TOLERANCE = 2.0
# Shares of the loss of a discriminator that guesses.
_CERTAIN, _WORSE_THAN_GUESSING = 2e-3, 10.0
_GRADIENT_GROWTH, _MEDIAN_POINTS, _MIN_MEDIAN_POINTS = 1e3, 100, 5
_ADAM_EPSILON = 1e-8
_COLLAPSED, _COLLAPSED_WITHIN_CLASSES = 0.02, 0.01
_GRACE_SHARE, _MIN_GRACE_IMAGES = 0.25, 20_000
_OVERFITTED = 0.8
_LOG_PATIENCE, _PROBE_PATIENCE = 5, 2
_MAX_NAMES = 3


@dataclass(frozen=True)
class Rule:
    """A limit on a curve.

    Attributes:
        beyond: the wrong side of the limit.
        patience: number of points in a row on the wrong side that break the rule.
        meaning: what this means, for the message.
        remedy: what to try.
        grace_images: until then a curve that was never on the right side is excused, since a new generator may make one
            picture. None: excused for ever, so that only a fall from the right side counts.
        warns: causes a warning only; the training continues.
    """

    curve: str
    beyond: Literal["above", "below"]
    limit: float
    patience: int
    meaning: str
    remedy: str
    grace_images: int | None = 0
    warns: bool = False

    def is_violated(self, value: float) -> bool:
        """Return whether a value is on the wrong side; a missing one (NaN) is not."""
        return value > self.limit if self.beyond == "above" else value < self.limit


@dataclass(frozen=True)
class Issue:
    """A detected problem: its subject, a readable reason, and a suggested remedy."""

    subject: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class HealthStatus:
    """Health at one point of the curves.

    Attributes:
        fatal: issues that make the attempt a failed one.
        warnings: new warnings, each reported once.
        healthy: whether every rule is satisfied, so that a checkpoint may be marked healthy.
    """

    fatal: tuple[Issue, ...] = ()
    warnings: tuple[Issue, ...] = ()
    healthy: bool = True


def signals(settings: Settings, means: Mapping[str, float], curves: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Compute the health signals that follow from logged means and from the curves so far.

    - health/logit_gap: |E D(x) − E D(G(z))|
    - health/discriminator_loss: D's loss as a share of the loss of a D that guesses; undefined for Wasserstein
    - health/gradient_<player>: the gradient's norm in multiples of its running median
    """
    values = {}
    if "logit/real" in means and "logit/fake" in means:
        values["health/logit_gap"] = abs(means["logit/real"] - means["logit/fake"])
    guessing = _guessing_loss(settings)
    if guessing and "loss/discriminator" in means:
        values["health/discriminator_loss"] = means["loss/discriminator"] / guessing
    for name, norm in means.items():
        past = [value for value in curves.get(name, ())[-_MEDIAN_POINTS:] if value > 0]
        if name.startswith("gradient/") and len(past) >= _MIN_MEDIAN_POINTS:
            values[f"health/gradient_{name.removeprefix('gradient/')}"] = norm / statistics.median(past)
    return values


def rules(settings: Settings, weight_counts: Mapping[str, int]) -> list[Rule]:
    """Return the rules of a training; `weight_counts` is the number of weights of each player."""
    hint = _softer_settings_hint(settings)
    gradients = [rule for player, count in weight_counts.items() for rule in _gradient_rules(player, count, hint)]
    return [*_discriminator_rules(settings, hint), *gradients, *_diversity_rules(settings, hint)]


def check_health(limits: Sequence[Rule], curves: Mapping[str, Sequence[float]], images_seen: int) -> HealthStatus:
    """Check the last points of the curves against the rules."""
    streaks = {rule: _streak(rule, curves.get(rule.curve, ())) for rule in limits}
    active = {rule: streak.was_right or _grace_is_over(rule, images_seen) for rule, streak in streaks.items()}
    lengths = {rule: streaks[rule].length if active[rule] else 0 for rule in limits}
    broken = [rule for rule in limits if not rule.warns and lengths[rule] >= rule.patience]
    warned = [rule for rule in limits if rule.warns and _warning_is_due(rule, streaks[rule], curves)]
    fatal = tuple(_issue(rule, curves) for rule in broken)
    warnings = () if fatal else tuple(_issue(rule, curves) for rule in warned)
    # A point that is excused at the start is no point to roll back to.
    relevant = [rule for rule in limits if not rule.warns and (rule.grace_images is not None or active[rule])]
    return HealthStatus(fatal, warnings, not any(streaks[rule].length for rule in relevant))


def not_finite_issue(settings: Settings, names: Sequence[str]) -> Issue:
    """Return the issue of values that are not finite, without patience; no names: another process has them."""
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    subject = ", ".join(names[:_MAX_NAMES]) + more if names else "values of another process"
    remedy = f"{_softer_settings_hint(settings)}, or training.runtime.precision=fp32"
    return Issue("finite", f"{subject} not finite", remedy)


@dataclass(frozen=True)
class _Streak:
    """How many of a curve's last points in a row are on the wrong side, and whether the point before was right."""

    length: int
    was_right: bool


def _streak(rule: Rule, curve: Sequence[float]) -> _Streak:
    length = 0
    for value in reversed(curve):
        if math.isnan(value):
            continue
        if not rule.is_violated(value):
            return _Streak(length, True)
        length += 1
    return _Streak(length, False)


def _grace_is_over(rule: Rule, images_seen: int) -> bool:
    return rule.grace_images is not None and images_seen >= rule.grace_images


def _warning_is_due(rule: Rule, streak: _Streak, curves: Mapping[str, Sequence[float]]) -> bool:
    """Return whether to warn now: once in a streak, at the point at which patience ends, after the grace."""
    curve = curves.get(rule.curve, ())
    if not curve or math.isnan(curve[-1]):
        return False
    if streak.was_right:
        return streak.length == rule.patience
    if rule.grace_images is None:
        return False
    images = [seen for seen, value in zip(curves["images_seen"], curve, strict=True) if not math.isnan(value)]
    return sum(seen >= rule.grace_images for seen in images[len(images) - streak.length :]) == rule.patience


def _issue(rule: Rule, curves: Mapping[str, Sequence[float]]) -> Issue:
    value = next(value for value in reversed(curves[rule.curve]) if not math.isnan(value))
    evidence = f"{rule.curve} {value:.3g}, {rule.beyond} {rule.limit:.3g} for {rule.patience} points"
    return Issue(rule.curve.rpartition("/")[2], f"{rule.meaning} ({evidence})", rule.remedy)


def _guessing_loss(settings: Settings) -> float:
    if settings.adversarial is None:
        return 0.0
    zeros = torch.zeros(1)
    return float(build_objective(settings.adversarial.objective).discriminator(zeros, zeros))


def _softer_settings_hint(settings: Settings) -> str:
    """Suggest a lower rate and more of the penalty in use, or R1, which any discriminator can have."""
    if settings.adversarial is None:
        return "Try a lower training.learning_rate"
    penalty = next(iter(settings.adversarial.penalties), "r1_gamma")
    return f"Try a lower training.learning_rate, or a higher training.game.{penalty}"


def _discriminator_rules(settings: Settings, hint: str) -> list[Rule]:
    """Bound the logits: a Lipschitz-1 critic's gap is at most the data's diameter, 2 √D for D values in [−1, 1]."""
    diameter = 2 * math.sqrt(settings.sample.value_count)
    objective = settings.adversarial.objective if settings.adversarial else None
    gap = _CRITIC_TOLERANCE * diameter if objective == "wasserstein" else _LOGIT_GAP
    augmented = settings.adversarial and "augmentation" in settings.adversarial.loss_weights
    augment = f"{hint}, or training.game.augmentation.probability" if augmented else hint
    apart, certain = "the logits of real and of generated samples diverge", "the discriminator is always certain"
    worse, loss = "the discriminator is worse than a guess", "health/discriminator_loss"
    return [
        Rule("health/logit_gap", "above", gap, _LOG_PATIENCE, apart, augment),
        Rule(loss, "below", _CERTAIN, _LOG_PATIENCE, certain, augment),
        Rule(loss, "above", _WORSE_THAN_GUESSING, _LOG_PATIENCE, worse, hint),
    ]


def _gradient_rules(player: str, weight_count: int, hint: str) -> list[Rule]:
    """Bound the gradient: below ε · √weights Adam's ε exceeds a weight's gradient, and the player hardly learns."""
    growth, vanished = f"the gradient of the {player} explodes", f"the gradient of the {player} has vanished"
    floor = _ADAM_EPSILON * math.sqrt(weight_count)
    return [
        Rule(f"health/gradient_{player}", "above", _GRADIENT_GROWTH, _LOG_PATIENCE, growth, hint),
        Rule(f"gradient/{player}", "below", floor, _LOG_PATIENCE, vanished, hint),
    ]


def _diversity_rules(settings: Settings, hint: str) -> list[Rule]:
    """Bound diversity; low diversity within classes from the start only warns: the budget may give no more."""
    one, one_per_class = "the generator makes one sample", "the generator makes one sample per class"
    overfitted = "the discriminator has memorised its training samples"
    within, unconditional = "health/diversity_within_classes", f"{hint}, or training.conditional=false"
    grace_images = max(_MIN_GRACE_IMAGES, round(_GRACE_SHARE * settings.budget.total_images))
    more = "Prepare more data, or raise training.game.augmentation.probability"
    limit, patience = _COLLAPSED_WITHIN_CLASSES, _PROBE_PATIENCE
    return [
        Rule("health/diversity", "below", _COLLAPSED, patience, one, hint, grace_images),
        Rule(within, "below", limit, patience, one_per_class, unconditional, None),
        Rule(within, "below", limit, patience, one_per_class, unconditional, grace_images, warns=True),
        Rule("health/overfitting", "above", _OVERFITTED, patience, overfitted, more, warns=True),
    ]
