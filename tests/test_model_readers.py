"""Trained things that state their own digest."""

from pathlib import Path

import pytest

from .mutations import READERS, REFUSED, Trial

MUTATIONS = 40


@pytest.mark.parametrize("name", ["bundle.json", "weights of a bundle", "weights of a classifier", "classifier"])
def test_files_with_a_digest_are_never_accepted_damaged(name: str, tmp_path: Path) -> None:
    trial = Trial(name, READERS[name], tmp_path)
    assert {trial.run(number) for number in range(MUTATIONS)} == {REFUSED}
