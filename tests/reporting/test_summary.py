"""The summary that a finished run prints."""

import io
import json
from pathlib import Path

from rich.console import Console

from ganops.evaluation.report import Estimate, Report
from ganops.reporting.summary import print_comparison, print_summary

from ..reports import make_report

REPORT = make_report({"fid": Estimate(21.5, 0.5)}, {"fid": 1.25}).to_json()


def _printed(saved: dict[str, Path]) -> str:
    console = Console(file=io.StringIO(), width=60)
    print_summary(saved, "ganops-small version 3 (champion)", "make ui", console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_whole_run_prints_metrics_floor_grid_version_and_the_command_of_the_ui(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(REPORT))
    views = tmp_path / "a long name of a folder that no line of the console could hold"
    grid = views / "samples.png"
    views.mkdir()
    grid.touch()
    saved = {
        "report": tmp_path / "report.json",
        "views": views,
        "registration_record": tmp_path / "registration_record.json",
    }
    text = _printed(saved)
    for part in (
        "21.5",
        "1.25",
        f"Samples: {grid}\n",
        "Registered: ganops-small version 3 (champion)\n",
        "make ui\n",
    ):
        assert part in text


def test_a_part_of_a_run_prints_its_own_results(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(REPORT))
    evaluated = _printed({"report": tmp_path / "report.json"})
    assert "21.5" in evaluated and "Samples" not in evaluated and "Registered" not in evaluated
    assert _printed({"registration_record": tmp_path / "registration_record.json"}).startswith(
        "Registered: ganops-small version 3"
    )
    assert _printed({"store": tmp_path / "store"}) == ""


def test_an_evaluation_of_external_samples_prints_its_table(tmp_path: Path) -> None:
    report = make_report({"fid": Estimate(21.5, 0.5)}, {"fid": 1.25}, samples_given=1200, samples_fitted=7)
    (tmp_path / "samples_report.json").write_text(json.dumps(report.to_json()))
    text = _printed({"samples_report": tmp_path / "samples_report.json"})
    for part in ("External samples", "samples", "21.5", "1.25", "samples_fitted 7"):
        assert part in text.replace("\n", " ")
    assert "Registered" not in text and "samples_silent" not in text


def test_silent_and_clipped_samples_are_counted_where_there_are_some(tmp_path: Path) -> None:
    counts = {"samples_given": 1200, "samples_fitted": 7, "samples_silent": 3, "samples_clipped": 0}
    report = make_report({"fid": 21.5}, {"fid": 1.25}, **counts)
    assert Report.from_json(report.to_json()) == report
    (tmp_path / "samples_report.json").write_text(json.dumps(report.to_json()))
    text = _printed({"samples_report": tmp_path / "samples_report.json"}).replace("\n", " ")
    assert "samples_silent 3" in text and "samples_clipped" not in text


REPORTS = {
    name: {"variant": name.split(",")[0], "seed": seed, "images_seen": 1280, "report": REPORT}
    for name, seed in (("wide, seed 0", 0), ("wide, seed 1", 1), ("narrow, seed 0", 0))
} | {"narrow, seed 1": {"variant": "narrow", "seed": 1, "images_seen": None, "failure": "a game: received nan."}}
TABLE = """variant,seed,images_seen,failure,fid_classifier,fid_classifier_sd
wide,0,1280,,20.0,0.5
wide,1,1280,,22.0,0.25
narrow,0,1280,,30.0,0.75
narrow,1,,a game: received nan.,,
real (floor),,,,1.25,
"""


def _compared(tmp_path: Path, table: str, reports: dict) -> list[str]:
    """Return the lines printed on a narrow console."""
    (tmp_path / "comparison.csv").write_text(table)
    (tmp_path / "comparison.json").write_text(json.dumps(reports))
    names = {"reports": "comparison.json", "table": "comparison.csv", "samples": "samples.png"}
    saved = {f"comparison_{name}": tmp_path / file for name, file in names.items()}
    console = Console(file=io.StringIO(), width=30)
    print_comparison(saved, {"wide, seed 0": 10.0, "wide, seed 1": 14.0, "wide": 9.0}, "make ui", console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def _row(lines: list[str], name: str) -> list[str]:
    """Return the cells of a variant, with those of the line below its own."""
    place = next(place for place, line in enumerate(lines) if line.strip().startswith(name))
    return lines[place].split() + lines[place + 1].split()


def test_a_comparison_prints_means_over_its_training_seeds(tmp_path: Path) -> None:
    lines = _compared(tmp_path, TABLE, REPORTS)
    assert "± over training seeds 0 1" in " ".join(" ".join(lines).split())
    assert _row(lines, "wide") == ["wide", "1,280", "12", "21", "±", "1.4"]
    assert _row(lines, "narrow") == ["narrow", "1,280", "–", "30", "1", "failed", "±", "0.75"]
    assert _row(lines, "real (floor)")[:3] == ["real", "(floor)", "1.25"]
    assert "narrow, seed 1 failed: a game: received nan." in lines
    assert lines[-1] == "Look at the runs with: make ui"


def test_of_one_training_each_the_deviation_is_that_of_the_evaluation_seeds(tmp_path: Path) -> None:
    reports = {"wide": REPORTS["wide, seed 0"]}
    lines = _compared(tmp_path, "\n".join(TABLE.splitlines()[i] for i in (0, 1, 5)), reports)
    assert "± over evaluation seeds" in " ".join(" ".join(lines).split())
    assert _row(lines, "wide") == ["wide", "1,280", "9", "20", "±", "0.5"]
