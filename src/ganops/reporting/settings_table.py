"""Prints the settings that the user did not set, before a training."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ganops.games.resolve import Derivation


def print_settings(defaults: Sequence[Derivation], console: Console | None = None) -> None:
    """Print a table with one row a setting.

    Args:
        defaults: setting, value and reason, in order.
        console: None: standard output.
    """
    table = Table(title="Derived settings", title_justify="left")
    table.add_column("setting", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    for row in defaults:
        value = f"{row.value:,}" if type(row.value) is int else str(row.value)
        table.add_row(row.key, value, Text(row.reason))
    (console or Console()).print(table)
