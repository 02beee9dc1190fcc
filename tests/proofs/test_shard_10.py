"""A game of one's own, added by its folder alone, is trained, evaluated, registered and served."""

import base64
import json
import shutil
from pathlib import Path

import pytest

from ..projects import ROOT, Project, initialised_clone

pytestmark = pytest.mark.proof

EXAMPLE, PACKAGE = ROOT / "docs" / "own_game", Path("src/ganops/own_games/began")
RUN = ("kedro", "run", "--env", "smoke", "--params", "training.recipe=began,training.game.diversity=0.5")
PREDICT = """
import json, mlflow
mlflow.set_tracking_uri("sqlite:///mlflow.db")
print(json.dumps(mlflow.pyfunc.load_model("models:/ganops-smoke/1").predict([{"n": 2, "seed": 7}])))
"""


def test_a_game_that_git_does_not_track_is_not_registered(tmp_path: Path) -> None:
    project = initialised_clone(tmp_path / "project")
    shutil.copytree(EXAMPLE, project.path / PACKAGE)
    result = project.call(*RUN)
    output = " ".join((result.stdout + result.stderr).split())
    assert result.returncode != 0 and "git add src/ganops/own_games/began" in output


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = initialised_clone(tmp_path_factory.mktemp("own") / "project")
    shutil.copytree(EXAMPLE, project.path / PACKAGE)
    project.call_well("git", "add", str(PACKAGE))
    project.call_well(*RUN)
    return project


def test_the_example_is_trained_evaluated_registered_and_served(project: Project) -> None:
    report = json.loads((project.path / "data/08_reporting/smoke/report.json").read_text())
    assert {"fid", "kid", "recall"} <= report["metrics"]["generator"].keys()
    (run,) = project.runs()
    assert run.info.status == "FINISHED" and run.data.params["training.game.diversity"] == "0.5"
    project.call_well("kedro", "generate", "models:/ganops-smoke/1", "--n", "2", "--seed", "7", "--to", "pictures")
    (answers,) = json.loads(project.call_well("python", "-c", PREDICT).strip().splitlines()[-1])
    written = [path.read_bytes() for path in sorted((project.path / "pictures").glob("*.png"))]
    assert [base64.b64decode(answer) for answer in answers] == written and len(written) == 2


def test_the_stages_of_dvc_depend_on_own_games(project: Project) -> None:
    project.call_well("kedro", "dvc", "sync")
    assert "src/ganops/own_games" in (project.path / "dvc.yaml").read_text()
