"""The bar counts the images of this process and shows the total from the start."""

import re

import pytest

from ganops.reporting.progress import open_progress_bar


def lines(captured: str) -> list[str]:
    return [line.strip() for line in captured.split("\r") if "training" in line]


def test_restored_images_do_not_count_as_speed(capsys: pytest.CaptureFixture) -> None:
    with open_progress_bar() as bar:
        bar.log_metrics(64, {"loss/generator": 9.0})  # a replayed curve
        bar.start(9_000_000, 10_000_000)
        bar.log_metrics(9_000_001, {"loss/generator": 0.5, "logit/real": 2.0})
    last = lines(capsys.readouterr().err)[-1]
    assert "9.00M/10.0M" in last and "generator=0.50" in last and "real" not in last
    # One image was seen in however little time; nine millions would be at least a million a second.
    speed = re.search(r"([\d.]+)([kM]?) images/s", last)
    assert speed is not None and speed[2] != "M"


def test_bar_rolls_back_with_the_training(capsys: pytest.CaptureFixture) -> None:
    with open_progress_bar() as bar:
        bar.start(0, 500)
        bar.log_metrics(400, {"loss/generator": 0.5})
        bar.start_attempt(1).start(100, 500)
        bar.log_metrics(101, {"loss/generator": 0.5, "health/discriminator_loss": 2.0})
    last = lines(capsys.readouterr().err)[-1]
    assert "101/500" in last and last.count("=") == 1, "only the losses are shown"


def test_total_is_shown_from_the_start(capsys: pytest.CaptureFixture) -> None:
    with open_progress_bar() as bar:
        bar.start(0, 500)
        assert "0.00/500" in lines(capsys.readouterr().err)[-1]
