"""What a user sees when a whole run has ended well."""

import json
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

WHOLE_RUN = ("report", "sample_grid", "receipt")


def print_summary(saved: Mapping[str, Path], version: str, console: Console | None = None) -> None:
    """The table of metrics, the path of the sample grid, the registered version, and how to look at the run.

    Args:
        saved: paths of the datasets that this session saved; without all of WHOLE_RUN nothing is printed.
        version: the registered model's name and version.
        console: where to print; standard output.
    """
    if not all(name in saved for name in WHOLE_RUN):
        return
    from ganops.reporting.table import console_table

    console = console or Console()
    console.print(console_table(json.loads(saved["report"].read_text())))
    for label, text in (("Samples", saved["sample_grid"]), ("Registered", version), ("Look at it with", "make ui")):
        console.print(f"{label}: {text}", soft_wrap=True, highlight=False, markup=False)
