"""Damaged files of trained things: accepted, or refused by an error of the family, and by nothing else."""

from pathlib import Path

import pytest

from .model_readers import MODEL_READERS
from .mutations import ACCEPTED, REFUSED, Reader, Trial

MUTATIONS = 40


@pytest.mark.parametrize("name", MODEL_READERS)
def test_a_damaged_file_is_refused_by_the_family(name: str, tmp_path: Path) -> None:
    trial = Trial(name, Reader(*MODEL_READERS[name]), tmp_path)
    trial.read()
    outcomes = [trial.run(number) for number in range(MUTATIONS)]
    assert set(outcomes) <= {ACCEPTED, REFUSED} and REFUSED in outcomes


@pytest.mark.parametrize("name", ["bundle.json", "weights of a bundle", "weights of a classifier", "classifier"])
def test_what_states_its_own_digest_is_never_taken_damaged(name: str, tmp_path: Path) -> None:
    trial = Trial(name, Reader(*MODEL_READERS[name]), tmp_path)
    assert {trial.run(number) for number in range(MUTATIONS)} == {REFUSED}
