"""The bar counts what this process did, and knows the whole from the start."""

import re

import pytest

from ganops.reporting.progress import training_progress


def lines(captured: str) -> list[str]:
    return [line.strip() for line in captured.split("\r") if "training" in line]


def test_restored_images_are_shown_but_are_no_speed(capsys: pytest.CaptureFixture) -> None:
    with training_progress() as progress:
        progress(9_000_000, 10_000_000, {})
        progress(9_000_001, 10_000_000, {"loss/generator": 0.5, "logit/real": 2.0})
    last = lines(capsys.readouterr().err)[-1]
    assert "9.00M/10.0M" in last and "generator=0.50" in last and "real" not in last
    # One image was seen in however little time; nine millions would be at least a million a second.
    speed = re.search(r"([\d.]+)([kM]?) images/s", last)
    assert speed is not None and speed[2] != "M"


def test_the_bar_goes_back_with_a_lost_game(capsys: pytest.CaptureFixture) -> None:
    with training_progress() as progress:
        for images_seen in (0, 400, 100, 101):
            progress(images_seen, 500, {"loss/generator": 0.5, "watch/discriminator_loss": 2.0})
    last = lines(capsys.readouterr().err)[-1]
    assert "101/500" in last and last.count("=") == 1, "of the losses, those of the game alone"


def test_the_total_is_known_before_anything_is_seen(capsys: pytest.CaptureFixture) -> None:
    with training_progress() as progress:
        progress(0, 500, {})
        assert "0.00/500" in lines(capsys.readouterr().err)[-1]
