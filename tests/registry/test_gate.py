"""The gate's decisions, case by case."""

from typing import Any

import pytest

from ganops.config import RegistrationParameters
from ganops.errors import ConfigurationError
from ganops.registry.gate import Champion, Check, check_model, check_report, decide

PROTOCOL = {"features": "classifier", "n": 1000, "seeds": [1, 2]}
BEST = Champion("3", PROTOCOL, {"fid_classifier": 2.0, "recall_classifier": 0.5})


def report(fid: float = 1.5, recall: float = 0.6, class_accuracy: float = 0.95, **protocol: Any) -> dict[str, Any]:
    values = {"fid_classifier": fid, "recall_classifier": recall, "class_accuracy_classifier": class_accuracy}
    generator = {name: {"mean": value, "sd": 0.1} for name, value in values.items()}
    return {"metrics": {"generator": generator, "held_out": {}}, "protocol": {**PROTOCOL, **protocol}}


def parameters(compare_by: str = "fid", **limits: dict[str, float | None]) -> RegistrationParameters:
    return RegistrationParameters.parse({"compare_by": compare_by, "limits": limits})


def limit(name: str) -> dict[str, Any]:
    return {"limits": {name: {"minimum": 0.9}}}


def judge(judged: dict[str, Any], gate: RegistrationParameters, **model: Any) -> tuple[Check, ...]:
    """Of a generator that knows classes and whose model is flawless, unless `model` says otherwise."""
    return (*check_model(**{"finite": True, "differing": ""} | model), *check_report(judged, gate, classes=10))


CASES = {
    "the first one": (report(), "fid", None, True, "champion", "no other version is champion"),
    "the first one, unclean": (report(), "fid", None, False, "challenger", "unclean tree"),
    "better": (report(), "fid", BEST, True, "champion", "fid_classifier 1.5 is no worse than the 2"),
    "equal": (report(fid=2.0), "fid", BEST, True, "champion", "no worse"),
    "worse": (
        report(fid=2.1),
        "fid",
        BEST,
        True,
        "challenger",
        "2.1 is worse than the 2 of champion version 3",
    ),
    "better, unclean": (report(), "fid", BEST, False, "challenger", "unclean tree"),
    "more is better": (report(recall=0.4), "recall", BEST, True, "challenger", "0.4 is worse than the 0.5"),
    "other protocol": (
        report(n=500),
        "fid",
        BEST,
        True,
        "challenger",
        "another protocol than champion version 3 (n)",
    ),
    "not a number": (report(fid=float("nan")), "fid", None, True, None, "is a finite number: nan"),
    "unknown to the champion": (report(), "class_accuracy", BEST, True, "challenger", "no class_accuracy_classifier"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_decision(case: tuple) -> None:
    judged, compare_by, champion, clean, alias, reason = case
    verdicts = judge(judged, parameters(compare_by))
    decision = decide(verdicts, judged, compare_by, champion, () if clean else ("made from an unclean tree",))
    assert decision.alias == alias
    assert reason in "; ".join(decision.reasons)


@pytest.mark.parametrize(
    ("limits", "finite", "differing", "reasons"),
    [
        ({"class_accuracy_classifier": {"minimum": 0.96}}, True, "", ["class_accuracy_classifier has the minimum 0.96: 0.95"]),
        ({"fid_classifier": {"maximum": 1.0}}, True, "", ["fid_classifier has the maximum 1: 1.5"]),
        ({}, False, "", ["all weights are finite: no"]),
        ({}, True, "1 of 3", ["the logged model gives the bundle's own bytes: 1 of 3"]),
        ({"fid_classifier": {"maximum": 1.0, "minimum": 1.6}}, False, "", ["finite", "maximum 1", "minimum 1.6"]),
    ],
)
def test_a_failed_verdict_leaves_no_alias(limits: dict, finite: bool, differing: str, reasons: list[str]) -> None:
    verdicts = judge(report(), parameters(**limits), finite=finite, differing=differing)
    decision = decide(verdicts, report(), "fid_classifier", None, ())
    assert decision.alias is None
    assert len(decision.reasons) == len(reasons)
    assert all(any(part in reason for reason in decision.reasons) for part in reasons)


def test_a_bound_is_met_at_the_bound_and_null_is_none() -> None:
    met = parameters(class_accuracy_classifier={"minimum": 0.95, "maximum": 0.95}, recall_classifier={"minimum": None})
    verdicts = judge(report(), met)
    assert [verdict.holds for verdict in verdicts] == [True] * 5


def test_a_metric_that_is_not_a_number_meets_no_limit() -> None:
    verdicts = judge(report(fid=float("nan")), parameters(fid_classifier={"maximum": 99.0}))
    assert not verdicts[-1].holds


def test_a_limit_on_an_absent_metric_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean class_accuracy_classifier"):
        judge(report(), parameters(class_acuracy_classifier={"minimum": 0.9}))


def test_a_limit_that_needs_classes_does_not_apply_without_them() -> None:
    unlabelled = report()
    del unlabelled["metrics"]["generator"]["class_accuracy_classifier"]
    gate = parameters(class_accuracy_classifier={"minimum": 0.9}, recall_classifier={"minimum": 0.5})
    verdicts = check_report(unlabelled, gate, classes=0)
    assert [verdict.holds for verdict in verdicts] == [True, None, True]
    assert str(verdicts[1]).startswith("does not apply (the generator knows no classes): class_accuracy_classifier")
    assert decide(verdicts, unlabelled, "fid_classifier", None, ()).alias == "champion"
    with pytest.raises(ConfigurationError, match="class_accuracy_classifier"):
        check_report(unlabelled, gate, classes=10)
    for absent in ("class_acuracy_classifier", "class_accuracy_inception"):
        with pytest.raises(ConfigurationError, match=absent):
            check_report(unlabelled, RegistrationParameters.parse({**gate.model_dump(), **limit(absent)}), classes=0)


def test_a_limit_that_needs_classes_does_not_apply_to_features_that_know_none() -> None:
    names = ("fid", "recall")
    judged = {
        "metrics": {"generator": {f"{name}_efficientnet_lite0": {"mean": 1.0} for name in names}, "held_out": {}},
        "protocol": {**PROTOCOL, "features": "efficientnet_lite0"},
    }
    gate = parameters(class_accuracy_classifier={"minimum": 0.9}, modes_classifier={"minimum": 10})
    verdicts = check_report(judged, gate, classes=10)
    assert [verdict.holds for verdict in verdicts] == [True, None, None]
    assert "efficientnet_lite0 judges, not classifier" in str(verdicts[1])
    with pytest.raises(ConfigurationError, match="expected a metric of the report"):
        check_report(judged, parameters("class_accuracy"), classes=10)


def test_modes_have_limits_of_whatever_features_tell_classes() -> None:
    found = {"fid_stacked_digits": 3.0, "modes_stacked_digits": 990.0, "reverse_kl_stacked_digits": 0.2}
    judged = {
        "metrics": {"generator": {name: {"mean": value} for name, value in found.items()}, "held_out": {}},
        "protocol": {**PROTOCOL, "features": "stacked_digits"},
    }
    gate = parameters(
        class_accuracy_classifier={"minimum": 0.9},
        class_accuracy_stacked_digits={"minimum": 0.9},
        modes_stacked_digits={"minimum": 1000},
        reverse_kl_stacked_digits={"maximum": 0.3},
    )
    verdicts = {verdict.question.split()[0]: verdict for verdict in check_report(judged, gate, classes=0)}
    assert {name: verdict.holds for name, verdict in verdicts.items()} == {
        "fid_stacked_digits": True,
        "class_accuracy_classifier": None,
        "class_accuracy_stacked_digits": None,
        "modes_stacked_digits": False,
        "reverse_kl_stacked_digits": True,
    }
    assert "stacked_digits judges, not classifier" in str(verdicts["class_accuracy_classifier"])
    assert "the generator knows no classes" in str(verdicts["class_accuracy_stacked_digits"])


def test_compare_by_is_a_metric_that_has_a_better_side() -> None:
    with pytest.raises(ConfigurationError, match="'fid', 'kid'"):
        parameters("loss")
