import io
from dataclasses import replace
from typing import Any

from rich.console import Console

from ganops.evaluation.report import Estimate, Report
from ganops.reporting.table import console_table, explain_void, protocol_line

from ..reports import make_report

REPORT = replace(
    make_report({"fid": Estimate(12.3456, 0.5), "recall": 0.5}, {"fid": 3.0, "class_accuracy": 0.98}),
    accuracies={"validation": 0.97, "held_out": 0.98},
)


def test_console_shows_mean_sd_floor_and_absent_values() -> None:
    console = Console(width=100, file=io.StringIO(), record=True)
    console.print(console_table(REPORT))
    lines = {line.split()[1]: line.split() for line in console.export_text().splitlines() if "_classifier" in line}
    assert lines["fid_classifier"][1:-1] == ["fid_classifier", "│", "12.35", "±", "0.5", "│", "3"]
    assert lines["class_accuracy_classifier"][1:-1] == ["class_accuracy_classifier", "│", "–", "│", "0.98"]
    assert lines["recall_classifier"][1:-1] == ["recall_classifier", "│", "0.5", "│", "–"]


def test_void_metrics_are_marked_and_explained() -> None:
    further: dict[str, Any] = {"further_features": ("efficientnet_lite2",), "further_weights": ("cd" * 32,)}
    values = {"fid": 2.0, "fwd": 0.5, "fid_efficientnet_lite2": 9.0}
    report = replace(make_report(values, {"fid": 1.0}, **further), trained_features=("classifier",))
    assert [report.mark(name) for name in (*values, "kid")] == ["2 (void)", "0.5", "9", "–"]
    console = Console(width=100, file=io.StringIO(), record=True)
    console.print(console_table(report))
    printed = " ".join(console.export_text().split())
    reason = ". Void: metrics by classifier, since the discriminator was trained by these features"
    assert "2 (void) │ 1 │" in printed and reason in printed
    assert explain_void(report) == reason
    assert explain_void(REPORT) == ""
    assert explain_void(replace(report, trained_features=("inception",))) == ""
    assert Report.from_json(report.to_json()) == report


def test_protocol_is_one_line() -> None:
    assert protocol_line(REPORT) == (
        "features classifier, weights abababababab, resize none, n 10, reference train, reference_n 35, seeds 1 2, "
        "nearest_neighbours 3, kid_subset_size 5, kid_subsets 2, inception_score_splits 1, store 5d5d5d5d5d5d, "
        "classifier's accuracy on validation 0.97, classifier's accuracy on held_out 0.98"
    )
