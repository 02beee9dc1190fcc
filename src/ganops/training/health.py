"""The watch: whether the game is healthy, from the curves alone. Pure.

Every signal is a curve, and every rule a limit on one: a curve that stays beyond it for `patience` points in a row is a
lost game, or a warning. So the watch has no memory of its own: what it knows is in the curves, which are part of the
state. The limits, and what healthy games of every recipe stay within, are in EXPERIMENTS.md.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from ganops.objectives.build import build_objective
from ganops.training.schedules import PENALTIES
from ganops.training_settings import Settings

# Logits of objectives that are no distance of distributions.
_LOGIT_GAP = 100.0
# A critic of slope 1 cannot tell two samples further apart than they are; its penalty holds the slope only roughly.
_STEEPER = 2.0
# Shares of what a discriminator pays that cannot tell.
_CERTAIN, _ASTRAY = 2e-3, 10.0
_GROWTH, _REMEMBERED, _LEAST_REMEMBERED = 1e3, 100, 5
_ADAM_EPSILON = 1e-8
_COLLAPSED, _COLLAPSED_WITHIN = 0.02, 0.01
# Of total_images, and at least so many.
_GRACE, _LEAST_GRACE = 0.25, 20_000
_MEMORISED = 0.8
_LOGS, _LOOKS = 5, 2
_NAMED = 3


@dataclass(frozen=True)
class Rule:
    """A limit on a curve.

    Attributes:
        beyond: the wrong side of the limit.
        patience: points in a row on the wrong side that decide.
        meaning: in words, after the curve's name and value.
        grace: images seen, before which a curve that was never on the right side decides nothing: at the start a
            generator may make one picture. None: for ever, so that only a fall from the right side counts.
        warns: a warning is all; the game goes on.
    """

    curve: str
    beyond: Literal["above", "below"]
    limit: float
    patience: int
    meaning: str
    remedy: str
    grace: int | None = 0
    warns: bool = False

    def wrong(self, value: float) -> bool:
        """Whether a value is on the wrong side; a missing one (NaN) is not."""
        return value > self.limit if self.beyond == "above" else value < self.limit


@dataclass(frozen=True)
class Issue:
    """Of what, what was seen of it in words, and what to try."""

    subject: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class HealthStatus:
    """Of one instant: why the game is lost, if it is; warnings, each once; whether anything may become a loss."""

    lost: tuple[Issue, ...] = ()
    warnings: tuple[Issue, ...] = ()
    healthy: bool = True


def signals(settings: Settings, means: Mapping[str, float], curves: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Curves of the watch that follow from a window's means and from the curves before.

    - watch/logit_gap: |E D(x) − E D(G(z))|
    - watch/discriminator_loss: D's loss in shares of what a D pays that cannot tell; no such thing for Wasserstein
    - watch/gradient_<player>: the gradient's norm in multiples of its running median
    """
    found = {}
    if "logit/real" in means and "logit/fake" in means:
        found["watch/logit_gap"] = abs(means["logit/real"] - means["logit/fake"])
    guessing = _loss_of_guessing(settings)
    if guessing and "loss/discriminator" in means:
        found["watch/discriminator_loss"] = means["loss/discriminator"] / guessing
    for name, norm in means.items():
        past = [value for value in curves.get(name, ())[-_REMEMBERED:] if value > 0]
        if name.startswith("gradient/") and len(past) >= _LEAST_REMEMBERED:
            found[f"watch/gradient_{name.removeprefix('gradient/')}"] = norm / statistics.median(past)
    return found


def rules(settings: Settings, weights: Mapping[str, int]) -> list[Rule]:
    """The limits of a game; `weights` counts those that each player moves."""
    gentler = _gentler(settings)
    of_players = [rule for player, count in weights.items() for rule in _of_gradients(player, count, gentler)]
    return [*_of_discriminator(settings, gentler), *of_players, *_of_diversity(settings, gentler)]


def judge(limits: Sequence[Rule], curves: Mapping[str, Sequence[float]], images_seen: int) -> HealthStatus:
    """The verdict on the last points of the curves."""
    streaks = {rule: _streak(rule, curves.get(rule.curve, ())) for rule in limits}
    armed = {
        rule: streak.fell or (rule.grace is not None and images_seen >= rule.grace) for rule, streak in streaks.items()
    }
    counts = {rule: streaks[rule].length if armed[rule] else 0 for rule in limits}
    lost = tuple(_finding(rule, curves) for rule in limits if counts[rule] >= rule.patience and not rule.warns)
    due = [rule for rule in limits if rule.warns and _is_due(rule, streaks[rule], curves)]
    warnings = tuple(_finding(rule, curves) for rule in due)
    # What is excused at the start is no place to go back to either.
    suspicious = [rule for rule in limits if not rule.warns and (rule.grace is not None or armed[rule])]
    return HealthStatus(lost, () if lost else warnings, not any(streaks[rule].length for rule in suspicious))


def not_finite(settings: Settings, names: Sequence[str]) -> Issue:
    """Of values that are not finite, which is no matter of patience; without names, another process has them."""
    some = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    remedy = f"{_gentler(settings)}, or training.precision=fp32"
    return Issue("finite", f"{some or 'values of a process'} not finite", remedy)


@dataclass(frozen=True)
class _Streak:
    """How many of a curve's last points, in a row, are on the wrong side, and whether one before was not."""

    length: int
    fell: bool


def _streak(rule: Rule, curve: Sequence[float]) -> _Streak:
    length = 0
    for value in reversed(curve):
        if math.isnan(value):
            continue
        if not rule.wrong(value):
            return _Streak(length, True)
        length += 1
    return _Streak(length, False)


def _is_due(rule: Rule, streak: _Streak, curves: Mapping[str, Sequence[float]]) -> bool:
    """Whether a warning is due now, once in a streak: at the point at which patience ends, after the grace."""
    curve = curves.get(rule.curve, ())
    if not curve or math.isnan(curve[-1]):
        return False
    if streak.fell:
        return streak.length == rule.patience
    if rule.grace is None:
        return False
    seen = [images for images, value in zip(curves["images_seen"], curve, strict=True) if not math.isnan(value)]
    return sum(images >= rule.grace for images in seen[len(seen) - streak.length :]) == rule.patience


def _finding(rule: Rule, curves: Mapping[str, Sequence[float]]) -> Issue:
    value = next(value for value in reversed(curves[rule.curve]) if not math.isnan(value))
    seen = f"{rule.curve} {value:.3g}, {rule.beyond} {rule.limit:.3g} for {rule.patience} points"
    return Issue(rule.curve.rpartition("/")[2], f"{rule.meaning} ({seen})", rule.remedy)


def _loss_of_guessing(settings: Settings) -> float:
    if settings.objective is None:
        return 0.0
    zeros = torch.zeros(1)
    return float(build_objective(settings.objective).discriminator(zeros, zeros))


def _gentler(settings: Settings) -> str:
    """A penalty that the game pays is named, else R1, which any discriminator can pay."""
    paid = [name for name in PENALTIES if getattr(settings, name)]
    stronger = f", or a higher training.{[*paid, 'r1_gamma'][0]}" if settings.objective else ""
    return f"Try a lower training.learning_rate{stronger}"


def _of_discriminator(settings: Settings, gentler: str) -> list[Rule]:
    """A Lipschitz-1 critic's gap is at most the diameter of the data space, 2 √(C·H·W) for values in [−1, 1]."""
    diameter = 2 * math.sqrt(settings.channels * settings.height * settings.width_pixels)
    gap = _STEEPER * diameter if settings.objective == "wasserstein" else _LOGIT_GAP
    weaker = f"{gentler}, or training.augmentation"
    return [
        Rule("watch/logit_gap", "above", gap, _LOGS, "the logits of real and of generated samples run apart", weaker),
        Rule("watch/discriminator_loss", "below", _CERTAIN, _LOGS, "the discriminator is always certain", weaker),
        Rule("watch/discriminator_loss", "above", _ASTRAY, _LOGS, "the discriminator is worse than a guess", gentler),
    ]


def _of_gradients(player: str, weights: int, gentler: str) -> list[Rule]:
    """Below ε · √weights the ε of Adam is larger than a weight's gradient: the player stands still."""
    growth, vanished = f"the gradient of the {player} explodes", f"the gradient of the {player} has vanished"
    still = _ADAM_EPSILON * math.sqrt(weights)
    return [
        Rule(f"watch/gradient_{player}", "above", _GROWTH, _LOGS, growth, gentler),
        Rule(f"gradient/{player}", "below", still, _LOGS, vanished, gentler),
    ]


def _of_diversity(settings: Settings, gentler: str) -> list[Rule]:
    """Variety within classes that never rose is a warning: a sample a class may be all that the budget gives."""
    one, one_each = "the generator makes one sample", "the generator makes one sample a class"
    by_heart = "the discriminator knows its training samples by heart"
    within, other = "watch/diversity_within_classes", f"{gentler}, or training.conditional=false"
    grace = max(_LEAST_GRACE, round(_GRACE * settings.total_images))
    more = "Prepare more data, or raise training.augmentation"
    return [
        Rule("watch/diversity", "below", _COLLAPSED, _LOOKS, one, gentler, grace),
        Rule(within, "below", _COLLAPSED_WITHIN, _LOOKS, one_each, other, None),
        Rule(within, "below", _COLLAPSED_WITHIN, _LOOKS, one_each, other, grace, warns=True),
        Rule("watch/overfitting", "above", _MEMORISED, _LOOKS, by_heart, more, warns=True),
    ]
