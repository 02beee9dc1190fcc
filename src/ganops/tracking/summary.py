"""What a user sees when a run has ended well."""

import json
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from ganops.tracking.location import ui_command

_TABLES = ("samples_report", "report")
_WIDEST = 1_000


def print_summary(saved: Mapping[str, Path], version: str, console: Console | None = None) -> None:
    """The table of metrics of what was judged, the sample grid's path, the registered version, and how to look at it.

    Args:
        saved: paths of the datasets that this session saved; of each that is missing nothing is printed.
        version: the registered model's name and version.
        console: where to print; standard output.
    """
    console = console or Console()
    judged = [name for name in _TABLES if name in saved]
    for name in judged:
        _print_table(saved[name], console)
    lines = {"Samples": saved.get("sample_grid"), "Registered": version if "registration_record" in saved else None}
    told = [f"{label}: {text}" for label, text in lines.items() if text]
    for line in [*told, f"Look at it with: {ui_command()}"] if judged or told else []:
        console.print(line, soft_wrap=True, highlight=False, markup=False)


def print_comparison(saved: Mapping[str, Path], seconds: Mapping[str, float], console: Console | None = None) -> None:
    """The table of a comparison's variants, their samples' path and how to look at their runs.

    Args:
        saved: paths of the datasets, COMPARED among them.
        seconds: label → seconds of training.
        console: where to print; standard output.
    """
    import pandas as pd

    from ganops.reporting.comparison import console_comparison, judged
    from ganops.reporting.table import protocol_line

    console = console or Console()
    reports = json.loads(saved["comparison_reports"].read_text(encoding="utf-8"))
    table = console_comparison(pd.read_csv(saved["comparison_table"]), reports, seconds)
    # A number that is cut is no number: on a narrow terminal the lines break, and nothing is lost.
    wide = console.measure(table, options=console.options.update_width(_WIDEST)).maximum
    Console(file=console.file, width=max(wide, console.width)).print(table)
    console.print(protocol_line(judged(reports)), highlight=False, markup=False)
    for label, report in reports.items():
        if "lost" in report:
            console.print(f"{label} was lost: {report['lost']}", soft_wrap=True, highlight=False, markup=False)
    for label, text in (("Samples", saved["comparison_samples"]), ("Look at the runs with", ui_command())):
        console.print(f"{label}: {text}", soft_wrap=True, highlight=False, markup=False)


def _print_table(report: Path, console: Console) -> None:
    from ganops.reporting.table import console_table

    console.print(console_table(json.loads(report.read_text(encoding="utf-8"))))
