"""With a learning rate fifty times too high the training fails and restarts, also after a kill in a new attempt."""

import signal
import time

import pandas as pd
from mlflow import MlflowClient

from ..projects import Project

TOO_FAST = "training.learning_rate=0.1"
COMMAND = ("kedro", "run", "--env", "smoke", "--pipelines", "training", "--params", TOO_FAST)
LONGEST_WAIT_SECONDS = 240


def kill_in_the_first_new_attempt(project: Project) -> None:
    """Kill the run as soon as attempt 1 has a checkpoint."""
    process = project.start(*COMMAND)
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while not list(project.path.glob(".checkpoints/*/attempt-1-*.safetensors")):
        assert process.poll() is None and time.monotonic() < deadline, project.path.with_name("started.txt").read_text()
        time.sleep(0.01)
    process.kill()
    assert process.wait(timeout=60) == -signal.SIGKILL


def steps(client: MlflowClient, run_id: str, name: str) -> list[int]:
    return [point.step for point in client.get_metric_history(run_id, name)]


def test_a_failed_training_restarts_in_a_child_run_also_after_a_kill(own_project: Project) -> None:
    kill_in_the_first_new_attempt(own_project)
    output = own_project.call_well(*COMMAND)
    assert "Training failed at 384 images" in output and "attempt 2 of 3" in output
    attempts = {run.data.tags["attempt"]: run for run in own_project.runs() if "mlflow.parentRunId" in run.data.tags}
    assert {number: run.info.status for number, run in attempts.items()} == {"1": "FAILED", "2": "FINISHED"}
    (parent,) = {run.data.tags["mlflow.parentRunId"] for run in attempts.values()}
    run = own_project.client.get_run(parent)
    assert (run.info.status, run.data.tags["attempt"]) == ("FINISHED", "2")
    failures = [run.data.tags[name] for name in ("failed_attempt.0", "failed_attempt.1")]
    assert "diverge" in failures[0] and all("at 384 images" in reason for reason in failures), failures
    every_log = list(range(64, 1281, 64))
    for run_id, until in ((parent, 384), (attempts["1"].info.run_id, 384), (attempts["2"].info.run_id, 1280)):
        assert steps(own_project.client, run_id, "health/logit_gap") == [seen for seen in every_log if seen <= until]
    scalars = pd.read_csv(own_project.produced("08_reporting", "training_scalars.csv"))
    assert scalars["images_seen"].tolist() == every_log and set(scalars["attempt"]) == {2}
