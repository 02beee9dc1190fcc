"""What a user sees when a whole run has ended well."""

import json
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

WHOLE_RUN = ("report", "sample_grid", "receipt")
JUDGED = "samples_report"


def print_summary(saved: Mapping[str, Path], version: str, console: Console | None = None) -> None:
    """Of a whole run the table of metrics, the sample grid's path, the registered version and how to look at the run.

    Of given pictures that were judged the table.

    Args:
        saved: paths of the datasets that this session saved; without all of WHOLE_RUN or JUDGED nothing is printed.
        version: the registered model's name and version.
        console: where to print; standard output.
    """
    console = console or Console()
    if JUDGED in saved:
        _print_table(saved[JUDGED], console)
    if not all(name in saved for name in WHOLE_RUN):
        return
    _print_table(saved["report"], console)
    for label, text in (("Samples", saved["sample_grid"]), ("Registered", version), ("Look at it with", "make ui")):
        console.print(f"{label}: {text}", soft_wrap=True, highlight=False, markup=False)


def _print_table(report: Path, console: Console) -> None:
    from ganops.reporting.table import console_table

    console.print(console_table(json.loads(report.read_text())))
