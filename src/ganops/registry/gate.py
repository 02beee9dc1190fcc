"""Decide which alias a version gets, and why: pure functions of report, limits and current champion."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ganops.config import FeatureKind
from ganops.errors import ConfigurationError, suggest
from ganops.evaluation.report import FURTHER_KEYS, PIXEL_KEYS, PIXEL_METRICS, TEXT_METRICS, Protocol, Report
from ganops.evaluation_config import RegistrationParameters

_DISTANCES = ("fid", "kid", "precision", "recall", "inception_score")
# They need an extractor with probabilities of the classes of the data.
_CLASS_METRICS = ("class_accuracy", "modes", "reverse_kl")
# The metrics of each kind of features, for labelled data and a conditional generator.
METRICS: dict[FeatureKind, tuple[str, ...]] = {
    "classifier": (*_DISTANCES, *PIXEL_METRICS, *_CLASS_METRICS),
    "inception": (*_DISTANCES, *PIXEL_METRICS),
    "efficientnet_lite0": (*_DISTANCES, *PIXEL_METRICS),
    "efficientnet_lite2": (*_DISTANCES, *PIXEL_METRICS),
    "stacked_digits": (*_DISTANCES, *PIXEL_METRICS, *_CLASS_METRICS),
    "coordinates": (*_DISTANCES, *_CLASS_METRICS, "high_quality"),
    "spectrogram_classifier": (*_DISTANCES, *_CLASS_METRICS),
    "speaker_encoder": ("fid", "kid", "precision", "recall"),
    "ngrams": ("fid", "kid", "precision", "recall", *TEXT_METRICS),
}
_LOWER_IS_BETTER = ("fid", "fwd", "kid", "nll")

Alias = Literal["champion", "challenger"]


@dataclass(frozen=True)
class Check:
    """A check of the gate that needs no registry, and its result; `passed` is None where the check does not apply."""

    name: str
    passed: bool | None
    detail: str

    def __str__(self) -> str:
        result = {True: "passed", False: "failed", None: "does not apply"}[self.passed]
        return f"{result} ({self.detail}): {self.name}"


@dataclass(frozen=True)
class Champion:
    """The current champion, as its tags describe it.

    Attributes:
        version: its number.
        protocol: of its evaluation, as JSON values.
        metrics: by qualified name, such as `fid_classifier`.
    """

    version: str
    protocol: Mapping[str, Any]
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Decision:
    """The alias and the reasons; `alias` is None for a version that failed the gate: it is registered without one."""

    alias: Alias | None
    reasons: tuple[str, ...]


def check_report(report: Report, parameters: RegistrationParameters, classes: int) -> tuple[Check, ...]:
    """Check a generator's metrics.

    Args:
        report: its evaluation.
        parameters: the limits.
        classes: of a conditional generator; 0 for one without. A limit on a metric of classes does not apply where
            generator or extractor has none.

    Raises:
        ConfigurationError: there is a limit on a metric that the report lacks.
    """
    metrics = {name: estimate.mean for name, estimate in report.metrics.items()}
    _check_known(parameters.compare_by, metrics, "registration.compare_by")
    value = metrics[parameters.compare_by]
    compared = Check(
        f"{report.protocol.qualify(parameters.compare_by)} is a finite number", math.isfinite(value), f"{value:.6g}"
    )
    inapplicable = _find_inapplicable(report.protocol.features, classes)
    limits = [
        _check_limit(name, kind, bound, metrics, inapplicable.get(name), report.protocol)
        for name, bounds in sorted(parameters.limits.items())
        for kind, bound in sorted(bounds.items())
        if bound is not None
    ]
    return (compared, *limits)


def check_limits(
    parameters: RegistrationParameters,
    features: FeatureKind,
    of_game: Collection[str] = (),
    absent: Collection[str] = (),
) -> None:
    """Check, before any training, that the gate uses metrics that the report will hold.

    Args:
        parameters: limits and compare_by.
        features: of the evaluation.
        of_game: further metrics, which the game has.
        absent: metrics of these features that this evaluation does not compute.

    Raises:
        ConfigurationError: a limit or compare_by names a metric that such a report never has.
    """
    _check_known(parameters.compare_by, METRICS[features], "registration.compare_by")
    # The gate skips class metrics that do not apply.
    known = {*METRICS[features], *_CLASS_METRICS, *of_game} - {*absent}
    for name, bounds in parameters.limits.items():
        if any(bound is not None for bound in bounds.values()):
            _check_known(name, known, "registration.limits")


def check_trained_features(
    parameters: RegistrationParameters, features: FeatureKind, trained: Collection[FeatureKind]
) -> None:
    """Check that the gate does not decide by features that the training uses: they say nothing about its samples.

    Args:
        parameters: limits and compare_by.
        features: of the evaluation.
        trained: those that the training uses.

    Raises:
        ConfigurationError: compare_by or a limit is by such features.
    """
    limited = [
        name for name, bounds in parameters.limits.items() if any(bound is not None for bound in bounds.values())
    ]
    by_features = {parameters.compare_by, *limited} & {*METRICS[features]} - {*PIXEL_METRICS}
    if features in trained and by_features:
        raise ConfigurationError(
            "evaluation.features",
            expected=f"features that no network is trained by, since the gate uses {', '.join(sorted(by_features))}",
            received=features,
            remedy="Set evaluation.features=efficientnet_lite2.",
        )


def check_model(has_finite_weights: bool, differing: Sequence[int]) -> tuple[Check, ...]:
    """Check the weights and the logged model.

    Args:
        has_finite_weights: whether all weights are finite.
        differing: indices of the samples of the logged model that differ from those of the bundle.
    """
    detail = f"samples {', '.join(map(str, differing))} differ" if differing else "yes"
    return (
        Check("all weights are finite", has_finite_weights, "yes" if has_finite_weights else "no"),
        Check("the logged model gives the samples of the bundle, byte for byte", not differing, detail),
    )


def decide(
    checks: tuple[Check, ...],
    report: Report,
    compare_by: str,
    current_champion: Champion | None,
    provenance_issues: tuple[str, ...],
) -> Decision:
    """Return the alias of a version.

    A version fails if a check fails. It becomes champion if its provenance is complete and it is, at equal protocol, no
    worse than the current champion; else challenger.

    Args:
        checks: all of them.
        report: its evaluation.
        compare_by: plain name of the metric.
        current_champion: None where there is none.
        provenance_issues: why the commit does not determine the version.
    """
    failed = tuple(f"{check.name}: {check.detail}" for check in checks if check.passed is False)
    if failed:
        return Decision(None, failed)
    if current_champion is None:
        issues, reason = provenance_issues, "it passes the gate, and no other version is champion"
    else:
        is_as_good, reason = _compare(report, compare_by, current_champion)
        issues = provenance_issues if is_as_good else (*provenance_issues, reason)
    return Decision("challenger", issues) if issues else Decision("champion", (reason,))


def _compare(report: Report, compare_by: str, champion: Champion) -> tuple[bool, str]:
    """Return whether the report is no worse than the champion, and the comparison in words."""
    metric, protocol = report.protocol.qualify(compare_by), report.protocol.to_json()
    # Metrics of features do not depend on how pixels are measured, and none of these on further features.
    unused = FURTHER_KEYS if compare_by in PIXEL_METRICS else (*FURTHER_KEYS, *PIXEL_KEYS)
    keys = {*protocol, *champion.protocol} - {*unused}
    differing = sorted(key for key in keys if protocol.get(key) != champion.protocol.get(key))
    if differing or metric not in champion.metrics:
        difference = ", ".join(differing) or f"no {metric}"
        return False, f"evaluated by another protocol than champion version {champion.version} ({difference})"
    new, current = report.metrics[compare_by].mean, champion.metrics[metric]
    is_worse = new > current if compare_by in _LOWER_IS_BETTER else new < current
    relation = "worse than" if is_worse else "no worse than"
    return not is_worse, f"{metric} {new:.6g} is {relation} the {current:.6g} of champion version {champion.version}"


def _find_inapplicable(features: str, classes: int) -> dict[str, str]:
    """Return the class metrics that do not apply, with the reason."""
    if features not in [kind for kind, metrics in METRICS.items() if "class_accuracy" in metrics]:
        return dict.fromkeys(
            _CLASS_METRICS, f"the features {features} have no probabilities of the classes of the data"
        )
    return {} if classes else {"class_accuracy": "the generator is not conditional"}


def _check_limit(
    name: str,
    kind: Literal["minimum", "maximum"],
    bound: float,
    metrics: Mapping[str, float],
    inapplicable: str | None,
    protocol: Protocol,
) -> Check:
    title = f"{protocol.qualify(name)} has the {kind} {bound:g}"
    if inapplicable is not None:
        return Check(title, None, inapplicable)
    _check_known(name, metrics, "registration.limits")
    value = metrics[name]
    return Check(title, value >= bound if kind == "minimum" else value <= bound, f"{value:.6g}")


def _check_known(name: str, known: Mapping[str, float] | Sequence[str] | set[str], key: str) -> None:
    if name not in known:
        raise ConfigurationError(
            key,
            expected="a metric of the report: " + ", ".join(sorted(known)),
            received=repr(name),
            remedy=suggest(name, known, cutoff=0.0),
        )
