"""Trained things that state their own digest."""

from pathlib import Path

import pytest

from .mutations import READERS, REFUSED, Trial

MUTATIONS = 40


@pytest.mark.parametrize("name", ["bundle.json", "weights of a bundle", "weights of a classifier", "classifier"])
def test_what_states_its_own_digest_is_never_taken_damaged(name: str, tmp_path: Path) -> None:
    trial = Trial(name, READERS[name], tmp_path)
    assert {trial.run(number) for number in range(MUTATIONS)} == {REFUSED}
