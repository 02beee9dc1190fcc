"""Several processes, launched by the node or by torchrun, train in one run, also after an interruption."""

import json
import signal
import time
from pathlib import Path

import pytest

from ..projects import ENVIRONMENT, Project, initialised_clone

pytestmark = pytest.mark.proof

GAME = (
    "training.recipe=r3gan,training.runtime.precision=fp32,"
    "training.total_images=1280,training.snapshot_every_images=1280"
)
RUN = ("kedro", "run", "--env", ENVIRONMENT, "--pipelines", "training", "--params")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = initialised_clone(tmp_path_factory.mktemp("processes") / "project")
    project.call_well("kedro", "run", "--env", ENVIRONMENT, "--pipelines", "data_preparation")
    return project


def checkpoints(project: Project) -> list[Path]:
    return sorted(project.path.glob(".checkpoints/*/*.safetensors"))


def steps(project: Project, run_id: str) -> list[int]:
    return [point.step for point in project.client.get_metric_history(run_id, "loss/generator")]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_of_two_processes_is_killed_and_resumed(
    number: signal.Signals, code: int, project: Project
) -> None:
    before = {run.info.run_id for run in project.runs()}
    command = (*RUN, f"{GAME},training.processes=2,training.seed={number.value}")
    process = project.start(*command)
    while not checkpoints(project):
        assert process.poll() is None, project.path.with_name("started.txt").read_text()
        time.sleep(0.2)
    process.send_signal(number)
    assert process.wait(timeout=300) == code
    (run,) = [run for run in project.runs() if run.info.run_id not in before]
    assert run.info.status == "KILLED"
    kept = int(checkpoints(project)[-1].stem)
    assert kept < 1280
    project.call_well(*command)
    (run,) = [run for run in project.runs() if run.info.run_id not in before]
    assert run.info.status == "FINISHED"
    assert run.data.tags["resumed_at_images"] == str(kept)
    assert steps(project, run.info.run_id) == list(range(64, 1281, 64)), "every step once"
    assert checkpoints(project) == []


def test_the_next_run_takes_a_training_of_torchrun(project: Project) -> None:
    before = {run.info.run_id for run in project.runs()}
    project.call_well(
        "torchrun", "--nproc-per-node", "2", "-m", "kedro", "train", "--env", ENVIRONMENT, "--params", GAME
    )
    assert {run.info.run_id for run in project.runs()} == before, "no process opens a run"
    trained = checkpoints(project)[-1].read_bytes()
    project.call_well(*RUN, GAME)
    (run,) = [run for run in project.runs() if run.info.run_id not in before]
    assert run.data.tags["resumed_at_images"] == "1280"
    assert steps(project, run.info.run_id) == list(range(64, 1281, 64))
    assert project.produced("06_models", "training_state.safetensors").stat().st_size > 0.9 * len(trained)
    assert json.loads(project.produced("06_models", "settings.json").read_text())["execution"]["processes"] == 1


def test_torchrun_of_the_whole_run_is_refused(project: Project) -> None:
    before = len(project.runs())
    refused = project.call("torchrun", "--nproc-per-node", "2", "-m", "kedro", "run", "--env", ENVIRONMENT)
    assert refused.returncode == 1
    assert "Error: kedro run: expected one process, received WORLD_SIZE=2" in refused.stderr
    assert "`-m kedro train`" in refused.stderr
    assert len(project.runs()) == before
