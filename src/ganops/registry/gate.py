"""Which alias a version deserves: a pure decision, with its reasons."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ganops.config import FeatureKind, RegistrationParameters
from ganops.errors import ConfigurationError, suggest

_DISTANCES = ("fid", "kid", "precision", "recall", "inception_score")
_OF_CLASSES = ("class_accuracy", "modes", "reverse_kl")
# The metrics of each kind of features, for data with classes.
METRICS: dict[FeatureKind, tuple[str, ...]] = {
    "classifier": (*_DISTANCES, *_OF_CLASSES),
    "inception": _DISTANCES,
    "efficientnet_lite0": _DISTANCES,
    "stacked_digits": (*_DISTANCES, *_OF_CLASSES),
    "coordinates": (*_DISTANCES, *_OF_CLASSES, "high_quality"),
}

Alias = Literal["champion", "challenger"]
Report = Mapping[str, Any]

# Features that may tell the data's own classes, and what can be had by such alone.
_KNOW_CLASSES: tuple[FeatureKind, ...] = ("classifier", "stacked_digits", "coordinates")
_LOWER_IS_BETTER = ("fid", "kid")


@dataclass(frozen=True)
class Check:
    """One question of the gate that needs no registry, and its answer; `holds` is None where it does not apply."""

    question: str
    holds: bool | None
    found: str

    def __str__(self) -> str:
        answer = {True: "holds", False: "fails", None: "does not apply"}[self.holds]
        return f"{answer} ({self.found}): {self.question}"


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


def compared_metric(report: Report, compare_by: str) -> str:
    """The full name of what registration.compare_by means in this report: of the features that judged."""
    return f"{compare_by}_{report['protocol']['features']}"


def check_report(report: Report, parameters: RegistrationParameters, classes: int) -> tuple[Check, ...]:
    """The verdicts on a generator's metrics.

    Args:
        report: its evaluation.
        parameters: the gate's limits.
        classes: how many it knows. A limit on a metric that needs classes does not apply where generator or judge
            knows none.

    Raises:
        ConfigurationError: a limit on a metric that the report lacks.
    """
    metrics, compared = metrics_of(report), compared_metric(report, parameters.compare_by)
    _require(compared, metrics, "registration.compare_by")
    value = metrics[compared]
    comparable = Check(f"{compared} is a finite number", math.isfinite(value), f"{value:.6g}")
    return (comparable, *_limits(parameters, metrics, _inapplicable(report["protocol"]["features"], classes)))


def check_limits(parameters: RegistrationParameters, features: FeatureKind) -> None:
    """Check, before any training, that the gate uses metrics that the report will hold.

    Raises:
        ConfigurationError: a limit or compare_by names a metric that these features never give.
    """
    given = dict.fromkeys((f"{name}_{features}" for name in METRICS[features]), 0.0)
    _require(
        compared_metric({"protocol": {"features": features}}, parameters.compare_by), given, "registration.compare_by"
    )
    # The gate skips known metrics that do not apply.
    known = given | dict.fromkeys(_inapplicable(features, classes=0), 0.0)
    for name, bounds in parameters.limits.items():
        if any(bound is not None for bound in bounds.values()):
            _require(name, known, "registration.limits")


def check_model(finite: bool, differing: str) -> tuple[Check, ...]:
    """The verdicts on weights and logged model; `differing` says which samples are not the bundle's own."""
    weights = Check("all weights are finite", finite, "yes" if finite else "no")
    return weights, Check("the logged model gives the bundle's own bytes", not differing, differing or "yes")


def decide(
    verdicts: tuple[Check, ...],
    report: Report,
    compare_by: str,
    champion: Champion | None,
    origin_doubts: tuple[str, ...],
) -> Decision:
    """Every verdict must hold; a champion is of undoubted origin, and at equal protocol no worse than the last."""
    compared = compared_metric(report, compare_by)
    failed = tuple(f"{verdict.question}: {verdict.found}" for verdict in verdicts if verdict.holds is False)
    if failed:
        return Decision(None, failed)
    doubts = origin_doubts + _doubts(report, compared, champion)
    if doubts:
        return Decision("challenger", doubts)
    if champion is None:
        return Decision("champion", ("it passes the gate, and no other version is champion",))
    return Decision("champion", (_comparison(metrics_of(report), compared, champion),))


def _doubts(report: Report, compared: str, champion: Champion | None) -> tuple[str, ...]:
    if champion is None:
        return ()
    metrics = metrics_of(report)
    differing = _differing(report["protocol"], champion.protocol)
    if differing or compared not in champion.metrics:
        what = ", ".join(differing) or f"no {compared}"
        return (f"judged by another protocol than champion version {champion.version} ({what})",)
    if _is_worse(metrics[compared], champion.metrics[compared], compared):
        return (_comparison(metrics, compared, champion),)
    return ()


def _comparison(metrics: Mapping[str, float], compared: str, champion: Champion) -> str:
    mine, theirs = metrics[compared], champion.metrics[compared]
    word = "worse than" if _is_worse(mine, theirs, compared) else "no worse than"
    return f"{compared} {mine:.6g} is {word} the {theirs:.6g} of champion version {champion.version}"


def _differing(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    return sorted(key for key in {*mine, *theirs} if mine.get(key) != theirs.get(key))


def _is_worse(mine: float, theirs: float, metric: str) -> bool:
    return mine > theirs if _lower_is_better(metric) else mine < theirs


def _lower_is_better(metric: str) -> bool:
    return metric.startswith(_LOWER_IS_BETTER)


def _inapplicable(features: str, classes: int) -> dict[str, str]:
    """Metrics that cannot be had, and why."""
    others = [name for name in _KNOW_CLASSES if name != features]
    absent = {f"{metric}_{name}": f"{features} judges, not {name}" for metric in _OF_CLASSES for name in others}
    return absent if classes else absent | {f"class_accuracy_{features}": "the generator knows no classes"}


def _limits(
    parameters: RegistrationParameters, metrics: Mapping[str, float], inapplicable: Mapping[str, str]
) -> list[Check]:
    return [
        _limit(name, kind, bound, metrics, inapplicable.get(name))
        for name, bounds in sorted(parameters.limits.items())
        for kind, bound in sorted(bounds.items())
        if bound is not None
    ]


def _limit(name: str, kind: str, bound: float, metrics: Mapping[str, float], inapplicable: str | None) -> Check:
    question = f"{name} has the {kind} {bound:g}"
    if inapplicable is not None:
        return Check(question, None, inapplicable)
    _require(name, metrics, "registration.limits")
    value = metrics[name]
    return Check(question, value >= bound if kind == "minimum" else value <= bound, f"{value:.6g}")


def _require(name: str, metrics: Mapping[str, float], key: str) -> None:
    if name in metrics:
        return
    raise ConfigurationError(
        key,
        expected="a metric of the report: " + ", ".join(sorted(metrics)),
        received=repr(name),
        remedy=suggest(name, metrics, "Evaluate the generator first.", cutoff=0.0),
    )


def _mean(entry: Any) -> float:
    return float(entry["mean"] if isinstance(entry, Mapping) else entry)
