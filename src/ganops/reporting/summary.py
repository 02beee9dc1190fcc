"""The summary that a finished run prints."""

import json
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from ganops.evaluation.report import Report
from ganops.reporting.table import console_table

_TABLES = ("samples_report", "report")
_UNLIMITED_WIDTH = 1_000


def print_summary(saved: Mapping[str, Path], version: str, ui_command: str, console: Console | None = None) -> None:
    """Print the tables of metrics, the sample grid's path, the registered version, and the command of the UI.

    Args:
        saved: paths of the datasets that this session saved; nothing is printed of a missing one.
        version: the registered model's name and version.
        ui_command: the command that shows the runs.
        console: where to print; None: standard output.
    """
    console = console or Console()
    reports = [saved[name] for name in _TABLES if name in saved]
    for report in reports:
        console.print(console_table(Report.from_json(json.loads(report.read_text(encoding="utf-8")))))
    samples = _find_samples(saved["views"]) if "views" in saved else None
    lines = {"Samples": samples, "Registered": version if "registration_record" in saved else None}
    results = [f"{label}: {text}" for label, text in lines.items() if text]
    for line in [*results, f"Look at it with: {ui_command}"] if reports or results else []:
        console.print(line, soft_wrap=True, highlight=False, markup=False)


def print_comparison(
    saved: Mapping[str, Path], seconds: Mapping[str, float], ui_command: str, console: Console | None = None
) -> None:
    """Print the table of a comparison's variants, their samples' path, and the command of the UI.

    Args:
        saved: paths of the datasets, among them those of the comparison.
        seconds: label → seconds of training.
        ui_command: the command that shows the runs.
        console: where to print; None: standard output.
    """
    import pandas as pd

    from ganops.reporting.comparison import console_comparison, first_report
    from ganops.reporting.table import explain_void, protocol_line

    console = console or Console()
    reports = json.loads(saved["comparison_reports"].read_text(encoding="utf-8"))
    table = console_comparison(pd.read_csv(saved["comparison_table"]), reports, seconds)
    # On a narrow terminal the lines break, so that no number is cut.
    wide = console.measure(table, options=console.options.update_width(_UNLIMITED_WIDTH)).maximum
    Console(file=console.file, width=max(wide, console.width)).print(table)
    console.print(protocol_line(first_report(reports)), highlight=False, markup=False)
    for label, result in reports.items():
        failure = result.get("failure")
        note = f" failed: {failure}" if failure else explain_void(Report.from_json(result["report"]))
        if note:
            console.print(f"{label}{note}", soft_wrap=True, highlight=False, markup=False)
    for label, text in (("Samples", saved["comparison_samples"]), ("Look at the runs with", ui_command)):
        console.print(f"{label}: {text}", soft_wrap=True, highlight=False, markup=False)


def _find_samples(views: Path) -> Path:
    """Return the picture of the samples, or the first picture of a game that shows them in another view."""
    samples = views / "samples.png"
    others = sorted(views.glob("*.png"))
    return samples if samples.exists() or not others else others[0]
