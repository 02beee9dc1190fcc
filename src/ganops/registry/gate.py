"""Which alias a version deserves: a pure decision, with its reasons."""

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ganops.config import RegistrationParameters
from ganops.errors import ConfigurationError

Alias = Literal["champion", "challenger"]
Report = Mapping[str, Any]

_LOWER_IS_BETTER = ("fid", "kid")
_HIGHER_IS_BETTER = ("inception_score", "precision", "recall", "agreement", "classes_covered")


@dataclass(frozen=True)
class Verdict:
    """One question of the gate that needs no registry, and its answer."""

    question: str
    holds: bool
    found: str


@dataclass(frozen=True)
class Champion:
    """The version to beat, as its tags tell."""

    version: str
    protocol: Mapping[str, Any]
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Decision:
    """`alias` is None for a version that failed the gate: it exists, with its reasons, and nobody is led to it."""

    alias: Alias | None
    reasons: tuple[str, ...]


def metrics_of(report: Report) -> dict[str, float]:
    """The generator's metrics by name; of several seeds their mean."""
    return {name: _mean(entry) for name, entry in report["metrics"]["generator"].items()}


def judge(report: Report, parameters: RegistrationParameters, finite: bool, loads_back: bool) -> tuple[Verdict, ...]:
    """The verdicts that need no registry; a limit on a metric that the report lacks is a ConfigurationError."""
    metrics = metrics_of(report)
    _require(parameters.compare_by, metrics, "registration.compare_by")
    _lower_is_better(parameters.compare_by)
    value = metrics[parameters.compare_by]
    comparable = Verdict(f"{parameters.compare_by} is a finite number", math.isfinite(value), f"{value:.6g}")
    weights = Verdict("all weights are finite", finite, "yes" if finite else "no")
    back = Verdict("the logged model gives the bundle's own bytes", loads_back, "yes" if loads_back else "no")
    return (weights, back, comparable, *_limits(parameters, metrics))


def decide(
    verdicts: tuple[Verdict, ...], report: Report, compare_by: str, champion: Champion | None, clean: bool
) -> Decision:
    """Every verdict must hold; a champion comes from a clean tree, and at equal protocol is no worse than the last."""
    failed = tuple(f"{verdict.question}: {verdict.found}" for verdict in verdicts if not verdict.holds)
    if failed:
        return Decision(None, failed)
    doubts = _doubts(report, compare_by, champion, clean)
    if doubts:
        return Decision("challenger", doubts)
    if champion is None:
        return Decision("champion", ("it passes the gate, and no other version is champion",))
    return Decision("champion", (_comparison(metrics_of(report), compare_by, champion),))


def _doubts(report: Report, compare_by: str, champion: Champion | None, clean: bool) -> tuple[str, ...]:
    doubts = [] if clean else ["made from an unclean tree: commit, and run again"]
    if champion is None:
        return tuple(doubts)
    metrics = metrics_of(report)
    differing = _differing(report["protocol"], champion.protocol)
    if differing or compare_by not in champion.metrics:
        what = ", ".join(differing) or f"no {compare_by}"
        doubts.append(f"judged by another protocol than champion version {champion.version} ({what})")
    elif _is_worse(metrics[compare_by], champion.metrics[compare_by], compare_by):
        doubts.append(_comparison(metrics, compare_by, champion))
    return tuple(doubts)


def _comparison(metrics: Mapping[str, float], compare_by: str, champion: Champion) -> str:
    mine, theirs = metrics[compare_by], champion.metrics[compare_by]
    word = "worse than" if _is_worse(mine, theirs, compare_by) else "no worse than"
    return f"{compare_by} {mine:.6g} is {word} the {theirs:.6g} of champion version {champion.version}"


def _differing(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    return sorted(key for key in {*mine, *theirs} if mine.get(key) != theirs.get(key))


def _is_worse(mine: float, theirs: float, metric: str) -> bool:
    return mine > theirs if _lower_is_better(metric) else mine < theirs


def _lower_is_better(metric: str) -> bool:
    if metric.startswith(_LOWER_IS_BETTER):
        return True
    if metric.startswith(_HIGHER_IS_BETTER):
        return False
    raise ConfigurationError(
        "registration.compare_by",
        expected="a metric with a better side: " + ", ".join(_LOWER_IS_BETTER + _HIGHER_IS_BETTER) + ", …",
        received=repr(metric),
        remedy="Compare by one of these.",
    )


def _limits(parameters: RegistrationParameters, metrics: Mapping[str, float]) -> list[Verdict]:
    return [
        _limit(name, kind, bound, metrics)
        for name, bounds in sorted(parameters.limits.items())
        for kind, bound in sorted(bounds.items())
        if bound is not None
    ]


def _limit(name: str, kind: str, bound: float, metrics: Mapping[str, float]) -> Verdict:
    _require(name, metrics, "registration.limits")
    value = metrics[name]
    holds = value >= bound if kind == "minimum" else value <= bound
    return Verdict(f"{name} has the {kind} {bound:g}", holds, f"{value:.6g}")


def _require(name: str, metrics: Mapping[str, float], key: str) -> None:
    if name in metrics:
        return
    nearest = difflib.get_close_matches(name, metrics, n=1, cutoff=0.0)
    raise ConfigurationError(
        key,
        expected="a metric of the report: " + ", ".join(sorted(metrics)),
        received=repr(name),
        remedy=f"Did you mean {nearest[0]}?" if nearest else "Evaluate the generator first.",
    )


def _mean(entry: Any) -> float:
    return float(entry["mean"] if isinstance(entry, Mapping) else entry)
