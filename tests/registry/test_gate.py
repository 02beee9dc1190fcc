"""The decisions of the gate, case by case."""

from typing import Any, get_args

import pytest

from ganops.config import FeatureKind
from ganops.errors import ConfigurationError
from ganops.evaluation.report import Report
from ganops.evaluation_config import RegistrationParameters
from ganops.registry.gate import (
    METRICS,
    Champion,
    Check,
    check_limits,
    check_model,
    check_report,
    check_trained_features,
    decide,
)

from ..reports import make_report

CHAMPION = Champion("3", make_report({}).protocol.to_json(), {"fid_classifier": 2.0, "recall_classifier": 0.5})


def report(fid: float = 1.5, recall: float = 0.6, class_accuracy: float = 0.95, **protocol: Any) -> Report:
    return make_report({"fid": fid, "recall": recall, "class_accuracy": class_accuracy}, **protocol)


def parameters(compare_by: str = "fid", **limits: dict[str, float | None]) -> RegistrationParameters:
    return RegistrationParameters.parse({"compare_by": compare_by, "limits": limits})


def check(
    report: Report, gate: RegistrationParameters, finite: bool = True, differing: tuple[int, ...] = ()
) -> tuple[Check, ...]:
    """All checks of a conditional generator."""
    return (*check_model(finite, differing), *check_report(report, gate, classes=10))


CASES = {
    "the first one": (report(), "fid", None, True, "champion", "no other version is champion"),
    "the first one, uncommitted": (report(), "fid", None, False, "challenger", "uncommitted code"),
    "better": (report(), "fid", CHAMPION, True, "champion", "fid_classifier 1.5 is no worse than the 2"),
    "equal": (report(fid=2.0), "fid", CHAMPION, True, "champion", "no worse"),
    "worse": (report(fid=2.1), "fid", CHAMPION, True, "challenger", "2.1 is worse than the 2 of champion version 3"),
    "better, uncommitted": (report(), "fid", CHAMPION, False, "challenger", "uncommitted code"),
    "more is better": (report(recall=0.4), "recall", CHAMPION, True, "challenger", "0.4 is worse than the 0.5"),
    "other protocol": (report(n=9), "fid", CHAMPION, True, "challenger", "protocol than champion version 3 (n)"),
    "other features": (report(features="inception"), "fid", CHAMPION, True, "challenger", "version 3 (features)"),
    "not a number": (report(fid=float("nan")), "fid", None, True, None, "is a finite number: nan"),
    "unknown to the champion": (report(), "class_accuracy", CHAMPION, True, "challenger", "no class_accuracy_classif"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_decision(case: tuple) -> None:
    evaluated, compare_by, champion, committed, alias, reason = case
    issues = () if committed else ("built from uncommitted code",)
    decision = decide(check(evaluated, parameters(compare_by)), evaluated, compare_by, champion, issues)
    assert decision.alias == alias
    assert reason in "; ".join(decision.reasons)


@pytest.mark.parametrize(
    ("limits", "finite", "differing", "reasons"),
    [
        ({"class_accuracy": {"minimum": 0.96}}, True, (), ["class_accuracy_classifier has the minimum 0.96: 0.95"]),
        ({"fid": {"maximum": 1.0}}, True, (), ["fid_classifier has the maximum 1: 1.5"]),
        ({}, False, (), ["all weights are finite: no"]),
        ({}, True, (0, 2), ["the logged model gives the samples of the bundle, byte for byte: samples 0, 2 differ"]),
        ({"fid": {"maximum": 1.0, "minimum": 1.6}}, False, (), ["finite", "maximum 1", "minimum 1.6"]),
    ],
)
def test_failed_check_leaves_no_alias(limits: dict, finite: bool, differing: tuple, reasons: list[str]) -> None:
    decision = decide(check(report(), parameters(**limits), finite, differing), report(), "fid", None, ())
    assert decision.alias is None
    assert len(decision.reasons) == len(reasons)
    assert all(any(part in reason for reason in decision.reasons) for part in reasons)


def test_bound_is_inclusive_and_null_is_no_limit() -> None:
    gate = parameters(class_accuracy={"minimum": 0.95, "maximum": 0.95}, recall={"minimum": None})
    assert [one.passed for one in check(report(), gate)] == [True] * 5


def test_nan_meets_no_limit() -> None:
    assert check(report(fid=float("nan")), parameters(fid={"maximum": 99.0}))[-1].passed is False


def test_limit_on_an_absent_metric_names_the_nearest() -> None:
    for wrong in ("clas_accuracy", "class_accuracy_classifier"):
        with pytest.raises(ConfigurationError, match="Did you mean class_accuracy"):
            check(report(), RegistrationParameters(compare_by="fid", limits={wrong: {"minimum": 0.9}}))


def test_limit_on_class_accuracy_does_not_apply_to_an_unconditional_generator() -> None:
    unconditional = make_report({"fid": 1.5, "recall": 0.6})
    gate = parameters(class_accuracy={"minimum": 0.9}, recall={"minimum": 0.5})
    checks = check_report(unconditional, gate, classes=0)
    assert [one.passed for one in checks] == [True, None, True]
    assert str(checks[1]).startswith("does not apply (the generator is not conditional): class_accuracy_classifier")
    assert decide(checks, unconditional, "fid", None, ()).alias == "champion"
    with pytest.raises(ConfigurationError, match="class_accuracy"):
        check_report(unconditional, gate, classes=10)


def test_limits_on_class_metrics_do_not_apply_to_features_of_other_classes() -> None:
    evaluated = make_report({"fid": 1.0, "recall": 1.0}, features="efficientnet_lite0")
    gate = parameters(class_accuracy={"minimum": 0.9}, modes={"minimum": 10})
    checks = check_report(evaluated, gate, classes=10)
    assert [one.passed for one in checks] == [True, None, None]
    assert "efficientnet_lite0 have no probabilities of the classes of the data" in str(checks[1])
    with pytest.raises(ConfigurationError, match="expected a metric of the report"):
        check_report(evaluated, parameters("class_accuracy"), classes=10)


def test_limits_on_modes_apply_to_all_features_of_the_classes() -> None:
    evaluated = make_report({"fid": 3.0, "modes": 990.0, "reverse_kl": 0.2}, features="stacked_digits")
    gate = parameters(class_accuracy={"minimum": 0.9}, modes={"minimum": 1000}, reverse_kl={"maximum": 0.3})
    found = {one.name.split()[0]: one.passed for one in check_report(evaluated, gate, classes=0)}
    assert found == {
        "fid_stacked_digits": True,
        "class_accuracy_stacked_digits": None,
        "modes_stacked_digits": False,
        "reverse_kl_stacked_digits": True,
    }


def test_pixel_metrics_need_no_features_and_equal_protocols_of_pixels() -> None:
    words: dict[str, Any] = {"wavelet_packets": "Haar of level 2", "nyquist_band": "a band"}
    evaluated = make_report({"fid": 1.5, "fwd": 0.2, "nyquist_db": 0.1}, **words)
    gate = parameters("fwd", nyquist_db={"maximum": 1.0})
    check_limits(gate, "efficientnet_lite0")
    checks = check_report(evaluated, gate, classes=0)
    assert [one.name for one in checks] == ["fwd is a finite number", "nyquist_db has the maximum 1"]
    champion = Champion("3", evaluated.protocol.to_json(), {"fwd": 0.1, "fid_classifier": 2.0})
    assert decide(checks, evaluated, "fwd", champion, ()).reasons == (
        "fwd 0.2 is worse than the 0.1 of champion version 3",
    )
    # The champion was evaluated without pixel metrics: by features they still compare.
    older = Champion("3", make_report({}).protocol.to_json(), champion.metrics)
    assert decide(checks, evaluated, "fid", older, ()).alias == "champion"
    (reason,) = decide(checks, evaluated, "fwd", older, ()).reasons
    assert "another protocol than champion version 3 (nyquist_band, wavelet_packets)" in reason


def test_features_of_the_training_decide_nothing() -> None:
    trained: set[FeatureKind] = {"efficientnet_lite0"}
    with pytest.raises(ConfigurationError, match=r"uses fid, received efficientnet_lite0\. Set .*efficientnet_lite2"):
        check_trained_features(parameters(), "efficientnet_lite0", trained)
    with pytest.raises(ConfigurationError, match="uses recall"):
        check_trained_features(parameters("fwd", recall={"minimum": 0.1}), "efficientnet_lite0", trained)
    check_trained_features(parameters(), "efficientnet_lite2", trained)
    # The limit on class_accuracy does not apply to features of other classes, and a bound of null is none.
    pixels = parameters("fwd", nyquist_db={"maximum": 3}, class_accuracy={"minimum": 0.9}, fid={"maximum": None})
    check_trained_features(pixels, "efficientnet_lite0", trained)


def test_further_features_do_not_separate_champions() -> None:
    further: dict[str, Any] = {"further_features": ("efficientnet_lite2",), "further_weights": ("ab",)}
    evaluated = make_report({"fid": 1.5, "fid_efficientnet_lite2": 9.0}, **further)
    checks = check_report(evaluated, parameters(), classes=0)
    assert decide(checks, evaluated, "fid", CHAMPION, ()).alias == "champion"


def test_limits_are_checked_before_training() -> None:
    check_limits(parameters(class_accuracy={"minimum": 0.9}, kid={"maximum": 1.0}), "efficientnet_lite0")
    check_limits(parameters(high_quality={"minimum": None}), "classifier")
    with pytest.raises(ConfigurationError, match=r"registration\.limits: .*received 'high_quality'"):
        check_limits(parameters(high_quality={"minimum": 0.5}), "classifier")
    with pytest.raises(ConfigurationError, match=r"registration\.compare_by"):
        check_limits(parameters("class_accuracy"), "inception")


def test_every_kind_of_features_has_metrics() -> None:
    assert set(METRICS) == set(get_args(FeatureKind))


def test_compare_by_is_a_metric_with_a_better_side() -> None:
    with pytest.raises(ConfigurationError, match="'fid', 'kid'"):
        parameters("loss")
