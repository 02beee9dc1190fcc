"""Damaged files: a reader returns a result or raises a project error, and nothing else."""

import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from ...mutations import ACCEPTED, READERS, REFUSED, Trial

MUTATIONS = 40
LONGEST_SECONDS = 60


@pytest.fixture(autouse=True)
def _alarm() -> Iterator[None]:
    """Fail the test of a reader that hangs."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"no result after {LONGEST_SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LONGEST_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", READERS)
def test_a_damaged_file_gives_a_result_or_a_project_error(tmp_path: Path, name: str) -> None:
    trial = Trial(name, READERS[name], tmp_path)
    trial.read()
    outcomes = [trial.run(number) for number in range(MUTATIONS)]
    assert set(outcomes) <= {ACCEPTED, REFUSED}
    assert REFUSED in outcomes, "no mutation did any harm"
