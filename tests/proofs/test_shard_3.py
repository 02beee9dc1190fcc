"""The default data: 5,000 digits, and a classifier that recognises enough of them to evaluate generators."""

import json
from pathlib import Path

import pytest

from ..projects import Project, initialised_clone

pytestmark = pytest.mark.proof

ENVIRONMENT = "mnist_5k"
COMMAND = ("kedro", "run", "--env", ENVIRONMENT, "--nodes", "prepare,build_extractor")
SPLITS = {"train": 3500, "validation": 500, "held_out": 1000}
FOLDERS = (f"data/03_primary/{ENVIRONMENT}", f"data/06_models/{ENVIRONMENT}")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = initialised_clone(tmp_path_factory.mktemp("default") / "project")
    project.call_well(*COMMAND)
    return project


def test_the_classifier_recognises_held_out_digits(project: Project) -> None:
    report = json.loads((project.path / f"data/08_reporting/{ENVIRONMENT}/preparation.json").read_text())
    classifier = json.loads((project.path / FOLDERS[1] / "feature_extractor/extractor.json").read_text())
    assert {name: split["samples"] for name, split in report["splits"].items()} == SPLITS
    assert min(classifier["accuracies"].values()) >= 0.97


def test_another_clone_gives_the_same_bytes(project: Project, tmp_path: Path) -> None:
    other = initialised_clone(tmp_path / "project")
    other.call_well(*COMMAND)
    for folder in FOLDERS:
        assert other.digests(folder) == project.digests(folder) != {}
