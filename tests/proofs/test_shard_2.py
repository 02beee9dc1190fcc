"""DVC runs nothing twice, forced stages give the same bytes, and experiments are runs of MLflow."""

import json
from pathlib import Path
from typing import Any

import pytest

from ..projects import ENVIRONMENT, Project, initialised_clone

pytestmark = pytest.mark.proof

STAGES = 4
RECIPE = "conf/base/parameters_training.yml:training.recipe=vae"
SEED = "conf/base/parameters_training.yml:training.seed=1"
REPORT = f"data/08_reporting/{ENVIRONMENT}/report.json"
SETTINGS = f"data/06_models/{ENVIRONMENT}/settings.json"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a clone whose DVC works on the tiny environment, reproduced and committed once."""
    project = initialised_clone(tmp_path_factory.mktemp("dvc") / "project")
    (project.path / "conf/dvc.yml").write_text(f"env: {ENVIRONMENT}\n")
    assert stages_run(project, "dvc", "repro") == STAGES
    project.call_well("git", "add", "--all")
    project.call_well("git", "commit", "--quiet", "--message", "Reproduced")
    return project


def stages_run(project: Project, *command: str) -> int:
    return project.call_well(*command).count("Running stage")


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def read_json(project: Project, *command: str) -> Any:
    """Return the JSON that a command prints."""
    result = project.call(*command, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def names(project: Project) -> list[str]:
    """Return the names of all runs, the oldest first; assert that all have finished."""
    runs = project.runs()[::-1]
    assert {run.info.status for run in runs} == {"FINISHED"}
    return [run.info.run_name or "" for run in runs]


def test_a_second_repro_runs_nothing(project: Project) -> None:
    before = names(project)
    assert stages_run(project, "dvc", "repro") == 0
    assert project.call_well("git", "status", "--porcelain") == ""
    assert names(project) == before


def test_two_forced_repros_give_the_same_bytes_in_one_run_each(project: Project) -> None:
    lock, before = project.path / "dvc.lock", names(project)
    first = lock.read_bytes()
    for _ in range(2):
        assert stages_run(project, "dvc", "repro", "-f") == STAGES
        assert lock.read_bytes() == first
    assert len(names(project)) == len(before) + 2


def test_an_experiment_changes_the_recipe_and_is_compared(project: Project) -> None:
    before = names(project)
    project.call_well("dvc", "exp", "run", "--name", "autoencoder", "-S", RECIPE)
    assert read(project.path / SETTINGS)["recipe"] == "vae"
    assert names(project) == [*before, "autoencoder"]

    table = json.dumps(read_json(project, "dvc", "exp", "show"))
    assert "autoencoder" in table and "generator.fid.mean" in table.replace('": {"', ".")
    change = read_json(project, "dvc", "metrics", "diff")[REPORT]["metrics.generator.fid.mean"]
    assert change["diff"] == pytest.approx(change["new"] - change["old"]) != 0
    page_address = project.call_well("dvc", "plots", "diff").strip().splitlines()[-1]
    page = Path(page_address.removeprefix("file://")).read_text(encoding="utf-8")
    assert "training_scalars.csv" in page and "samples.png" in page


def test_an_experiment_in_a_temporary_folder_changes_nothing_but_the_runs(project: Project) -> None:
    before, settings = names(project), (project.path / SETTINGS).read_bytes()
    project.call_well("dvc", "exp", "run", "--temp", "--name", "elsewhere", "-S", SEED)
    assert names(project) == [*before, "elsewhere"]
    assert (project.path / SETTINGS).read_bytes() == settings
    (run, *_) = project.runs()
    assert run.data.params["settings.seed"] == "1"
    project.call_well("dvc", "exp", "apply", "elsewhere")
    assert read(project.path / SETTINGS)["seed"] == 1
