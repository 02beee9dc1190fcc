import io

from rich.console import Console

from ganops.games.resolve import Derivation
from ganops.reporting.settings_table import print_settings


def test_every_setting_has_a_row_with_value_and_reason() -> None:
    rows = [
        Derivation("training.total_images", 240_000, "40 · train_count 3500, [at least] 240,000"),
        Derivation("training.mirror", False, "not asked for"),
        Derivation("training.learning_rate", 0.002, "of the recipe dcgan"),
    ]
    said = io.StringIO()
    print_settings(rows, Console(file=said, width=120))
    lines = [[cell.strip() for cell in line.strip("│ \n").split("│")] for line in said.getvalue().splitlines()]
    assert ["training.total_images", "240,000", "40 · train_count 3500, [at least] 240,000"] in lines
    assert ["training.mirror", "False", "not asked for"] in lines
    assert ["training.learning_rate", "0.002", "of the recipe dcgan"] in lines


def test_on_a_narrow_terminal_only_the_reasons_are_folded() -> None:
    said = io.StringIO()
    print_settings([Derivation("training.total_images", 240_000, "many words " * 10)], Console(file=said, width=60))
    assert "training.total_images" in said.getvalue()
    assert "240,000" in said.getvalue()
    assert said.getvalue().count("many") == 10
