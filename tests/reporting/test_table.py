import io

from rich.console import Console

from ganops.reporting.table import console_table, protocol_line

REPORT = {
    "metrics": {
        "generator": {"fid_classifier": {"mean": 12.3456, "sd": 0.5}, "recall_classifier": {"mean": 0.5}},
        "held_out": {"fid_classifier": {"mean": 3.0}, "class_accuracy_classifier": {"mean": 0.98}},
        "classifier": {"accuracy_validation": 0.97, "accuracy_held_out": 0.98},
    },
    "protocol": {"features": "classifier", "weights": "ab" * 32, "n": 10, "reference": "train", "seeds": [1, 2]},
}


def test_the_console_shows_mean_sd_floor_and_what_is_absent() -> None:
    console = Console(width=100, file=io.StringIO(), record=True)
    console.print(console_table(REPORT))
    lines = {line.split()[1]: line.split() for line in console.export_text().splitlines() if "_classifier" in line}
    assert lines["fid_classifier"][1:-1] == ["fid_classifier", "│", "12.35", "±", "0.5", "│", "3"]
    assert lines["class_accuracy_classifier"][1:-1] == ["class_accuracy_classifier", "│", "–", "│", "0.98"]
    assert lines["recall_classifier"][1:-1] == ["recall_classifier", "│", "0.5", "│", "–"]


def test_the_protocol_is_told_in_one_line() -> None:
    assert protocol_line(REPORT) == (
        "features classifier, weights abababababab, n 10, reference train, seeds 1 2, "
        "classifier's accuracy on validation 0.97, classifier's accuracy on held_out 0.98"
    )
