"""What is printed when a run has ended."""

import io
import json
from pathlib import Path

from rich.console import Console

from ganops.tracking.summary import print_summary

REPORT = {
    "metrics": {
        "generator": {"fid_classifier": {"mean": 21.5, "sd": 0.5}},
        "held_out": {"fid_classifier": {"mean": 1.25, "sd": 0.1}},
    },
    "protocol": {"n": 1000, "reference": "train", "weights": "0" * 64, "store": "1" * 64},
}


def _printed(saved: dict[str, Path]) -> str:
    console = Console(file=io.StringIO(), width=60)
    print_summary(saved, "ganops-small version 3 (champion)", console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_whole_run_ends_with_metrics_floor_grid_version_and_the_way_to_the_ui(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(REPORT))
    grid = tmp_path / "a long name of a folder that no line of the console could hold" / "samples.png"
    saved = {"report": tmp_path / "report.json", "sample_grid": grid, "receipt": tmp_path / "receipt.json"}
    text = _printed(saved)
    for part in ("21.5", "1.25", f"Samples: {grid}\n", "Registered: ganops-small version 3 (champion)\n", "make ui\n"):
        assert part in text


def test_a_part_of_a_run_prints_nothing(tmp_path: Path) -> None:
    assert _printed({"report": tmp_path / "report.json"}) == ""


def test_given_pictures_that_were_judged_end_with_their_table(tmp_path: Path) -> None:
    metrics = {"samples": REPORT["metrics"]["generator"], "held_out": REPORT["metrics"]["held_out"]}
    protocol = REPORT["protocol"] | {"samples_given": 1200, "samples_fitted": 7}
    (tmp_path / "judged.json").write_text(json.dumps({"metrics": metrics, "protocol": protocol}))
    text = _printed({"samples_report": tmp_path / "judged.json"})
    for part in ("Given pictures", "samples", "21.5", "1.25", "samples_fitted 7"):
        assert part in text.replace("\n", " ")
    assert "Registered" not in text
