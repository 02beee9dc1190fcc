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

from ganops.config import Settings
from ganops.objectives.build import build_objective

# Logits of objectives that are no distance of distributions.
_LOGIT_GAP = 100.0
# A critic of slope 1 cannot tell two samples further apart than they are; its penalty holds the slope only roughly.
_STEEPER = 2.0
_CERTAIN = 2e-3
_GROWTH, _REMEMBERED, _LEAST_REMEMBERED = 1e3, 100, 5
_ADAM_EPSILON = 1e-8
_COLLAPSED, _COLLAPSED_WITHIN = 0.05, 0.02
_GRACE = 0.25
_MEMORISED = 0.8
_LOGS, _LOOKS = 5, 2
_NAMED = 3

_GENTLER = "Try a lower training.learning_rate, or a higher training.r1_gamma"
_WEAKER = f"{_GENTLER}, or training.augmentation"


@dataclass(frozen=True)
class Rule:
    """A limit on a curve.

    Attributes:
        beyond: the wrong side of the limit.
        patience: points in a row on the wrong side that decide.
        meaning: in words, after the curve's name and value.
        grace: of total_images, before which a curve that was never on the right side decides nothing: at the start
            every generator makes one picture. None: for ever, so that only a fall from the right side counts.
        warns: a warning is all; the game goes on.
    """

    curve: str
    beyond: Literal["above", "below"]
    limit: float
    patience: int
    meaning: str
    remedy: str
    grace: float | None = 0.0
    warns: bool = False

    def wrong(self, value: float) -> bool:
        """Whether a value is on the wrong side; a missing one (NaN) is not."""
        return value > self.limit if self.beyond == "above" else value < self.limit


@dataclass(frozen=True)
class Finding:
    """Of what, what was seen of it in words, and what to try."""

    subject: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class Verdict:
    """Of one instant: why the game is lost, if it is; warnings, each once; whether anything may become a loss."""

    lost: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
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
    of_players = [rule for player, count in weights.items() for rule in _of_gradients(player, count)]
    return [*_of_discriminator(settings), *of_players, *_of_diversity()]


def judge(limits: Sequence[Rule], curves: Mapping[str, Sequence[float]], share: float) -> Verdict:
    """The verdict on the last points of the curves.

    Args:
        share: of total_images that was seen.
    """
    streaks = {rule: _streak(rule, curves.get(rule.curve, ()), share) for rule in limits}
    lost = tuple(_finding(rule, curves) for rule in limits if streaks[rule] >= rule.patience and not rule.warns)
    warnings = tuple(_finding(rule, curves) for rule in limits if rule.warns and streaks[rule] == rule.patience)
    return Verdict(lost, warnings, not any(streaks[rule] for rule in limits if not rule.warns))


def not_finite(values: Mapping[str, float]) -> tuple[Finding, ...]:
    """No patience: what is not finite once stays so."""
    names = [name for name, value in values.items() if not math.isfinite(value)]
    return (broken_state(names),) if names else ()


def broken_state(names: Sequence[str]) -> Finding:
    """Of values that are not finite; without names, another process has them."""
    some = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    return Finding("finite", f"{some or 'values of a process'} not finite", f"{_GENTLER}, or training.precision=fp32")


def _streak(rule: Rule, curve: Sequence[float], share: float) -> int:
    """How many of the last points, in a row, are on the wrong side; 0 as long as the rule says nothing."""
    count = 0
    for value in reversed(curve):
        if math.isnan(value):
            continue
        if not rule.wrong(value):
            return count
        count += 1
    return count if rule.grace is not None and share >= rule.grace else 0


def _finding(rule: Rule, curves: Mapping[str, Sequence[float]]) -> Finding:
    value = next(value for value in reversed(curves[rule.curve]) if not math.isnan(value))
    seen = f"{rule.curve} {value:.3g}, {rule.beyond} {rule.limit:.3g} for {rule.patience} points"
    return Finding(rule.curve.rpartition("/")[2], f"{rule.meaning} ({seen})", rule.remedy)


def _loss_of_guessing(settings: Settings) -> float:
    if settings.objective is None:
        return 0.0
    zeros = torch.zeros(1)
    return float(build_objective(settings.objective).discriminator(zeros, zeros))


def _of_discriminator(settings: Settings) -> list[Rule]:
    """A Lipschitz-1 critic's gap is at most the diameter of the data space, 2 √(C·H·W) for values in [−1, 1]."""
    diameter = 2 * math.sqrt(settings.channels * settings.height * settings.width_pixels)
    gap = _STEEPER * diameter if settings.objective == "wasserstein" else _LOGIT_GAP
    apart, certain = "the logits of real and of generated samples run apart", "the discriminator is certain"
    return [
        Rule("watch/logit_gap", "above", gap, _LOGS, apart, _WEAKER),
        Rule("watch/discriminator_loss", "below", _CERTAIN, _LOGS, certain, _WEAKER),
    ]


def _of_gradients(player: str, weights: int) -> list[Rule]:
    """Below ε · √weights the ε of Adam is larger than a weight's gradient: the player stands still."""
    growth, vanished = f"the gradient of the {player} explodes", f"the gradient of the {player} has vanished"
    still = _ADAM_EPSILON * math.sqrt(weights)
    return [
        Rule(f"watch/gradient_{player}", "above", _GROWTH, _LOGS, growth, _GENTLER),
        Rule(f"gradient/{player}", "below", still, _LOGS, vanished, _WEAKER),
    ]


def _of_diversity() -> list[Rule]:
    """Variety within classes that never rose is a warning: such pictures may be all that was asked for."""
    one, one_each = "the generator makes one sample", "the generator makes one sample a class"
    memorises = "the discriminator knows its training samples by heart"
    within = "watch/diversity_within_classes"
    other = f"{_GENTLER}, or training.conditional=false"
    return [
        Rule("watch/diversity", "below", _COLLAPSED, _LOOKS, one, _GENTLER, _GRACE),
        Rule(within, "below", _COLLAPSED_WITHIN, _LOOKS, one_each, other, None),
        Rule(within, "below", _COLLAPSED_WITHIN, _LOOKS, one_each, other, 2 * _GRACE, warns=True),
        Rule("watch/overfitting", "above", _MEMORISED, _LOOKS, memorises, "Use more data, or augment", warns=True),
    ]
