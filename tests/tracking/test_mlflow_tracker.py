"""The tracker writes every point and grid to MLflow once."""

import sys
from contextlib import suppress

import mlflow
import pytest
import torch
from mlflow import MlflowClient
from mlflow.entities import Run

from ganops.tracking.mlflow_tracker import MlflowTracker, NullTracker, tracker_of_active_run


@pytest.fixture
def run_id(client: MlflowClient, experiment_id: str) -> str:
    return client.create_run(experiment_id).info.run_id


def _curve(client: MlflowClient, run_id: str, name: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in client.get_metric_history(run_id, name)]


def test_points_are_buffered_and_written_in_order(client: MlflowClient, run_id: str) -> None:
    tracker = MlflowTracker(client, run_id)
    for images_seen in (64, 128, 192):
        tracker.log_metrics(images_seen, {"loss/generator": images_seen / 64, "logit/real": 0.5})
    assert _curve(client, run_id, "loss/generator") == []
    tracker.flush()
    assert _curve(client, run_id, "loss/generator") == [(64, 1.0), (128, 2.0), (192, 3.0)]
    assert _curve(client, run_id, "logit/real") == [(64, 0.5), (128, 0.5), (192, 0.5)]


def test_many_points_are_written_without_a_flush(client: MlflowClient, run_id: str) -> None:
    tracker = MlflowTracker(client, run_id)
    for images_seen in range(1, 101):
        tracker.log_metrics(images_seen, {f"loss/{name}": 0.0 for name in "abcdef"})
    assert len(_curve(client, run_id, "loss/a")) >= 80


def test_a_resumed_run_has_every_step_once(client: MlflowClient, run_id: str) -> None:
    """Killed at 192 after a checkpoint at 64; a curve that the first part did not have begins late."""
    first = MlflowTracker(client, run_id)
    for images_seen in (64, 128, 192):
        first.log_metrics(images_seen, {"loss/generator": float(images_seen)})
    first.flush()
    second = MlflowTracker(client, run_id)
    for images_seen in (128, 192, 256):
        second.log_metrics(images_seen, {"loss/generator": float(images_seen), "penalty/r1": 1.0})
    second.flush()
    assert _curve(client, run_id, "loss/generator") == [(64, 64.0), (128, 128.0), (192, 192.0), (256, 256.0)]
    assert _curve(client, run_id, "penalty/r1") == [(128, 1.0), (192, 1.0), (256, 1.0)]


def test_points_are_kept_while_the_store_does_not_answer(
    client: MlflowClient, run_id: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ganops.tracking.best_effort._PAUSE_SECONDS", 0.0)
    tracker, samples = MlflowTracker(client, run_id), torch.zeros(6, 1, 8, 8, dtype=torch.uint8)

    def refuse(*arguments: object, **options: object) -> None:
        raise ConnectionError("no route to the store")

    with monkeypatch.context() as patch:
        for name in ("log_batch", "log_image", "set_tag"):
            patch.setattr(client, name, refuse)
        tracker.log_metrics(64, {"loss/generator": 1.0})
        tracker.flush()
        tracker.log_images("samples/fixed_z", 64, samples, "image")
        tracker.set_tag("fingerprint", "abc")
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "Could not log the curves to MLflow yet",
        "Could not log the samples at 64 images to MLflow",
        "Could not set the tag fingerprint in MLflow",
    ]
    tracker.log_metrics(128, {"loss/generator": 2.0})
    tracker.flush()
    assert _curve(client, run_id, "loss/generator") == [(64, 1.0), (128, 2.0)]


def test_each_grid_is_logged_once_at_its_step(client: MlflowClient, run_id: str) -> None:
    samples = torch.zeros(6, 1, 8, 8, dtype=torch.uint8)
    for _ in range(2):
        tracker = MlflowTracker(client, run_id)
        for images_seen in (64, 128):
            tracker.log_images("samples/fixed_z", images_seen, samples, "image")
    names = [artifact.path for artifact in client.list_artifacts(run_id, "images")]
    pictures = sorted(name.split("+timestamp")[0] for name in names if name.endswith(".png"))
    assert pictures == ["images/samples~fixed_z+step+128", "images/samples~fixed_z+step+64"]


def test_a_tag_is_set(client: MlflowClient, run_id: str) -> None:
    MlflowTracker(client, run_id).set_tag("fingerprint", "abc")
    assert client.get_run(run_id).data.tags["fingerprint"] == "abc"


def _children(client: MlflowClient, experiment_id: str, parent: str) -> dict[str, Run]:
    """By the number of their attempt; a second one of a number would be an error."""
    found = client.search_runs([experiment_id], f"tags.`mlflow.parentRunId` = '{parent}'")
    children = {run.data.tags["attempt"]: run for run in found}
    assert len(children) == len(found)
    return children


def test_a_new_attempt_is_a_child_run_with_its_own_curves(
    client: MlflowClient, experiment_id: str, run_id: str
) -> None:
    tracker = MlflowTracker(client, run_id)
    for images_seen in (64, 128, 192):
        tracker.log_metrics(images_seen, {"loss/generator": 1.0})
    attempt = tracker.start_attempt(1)
    attempt.set_tag("follows", "one picture")
    for images_seen in (128, 192, 256):
        attempt.log_metrics(images_seen, {"loss/generator": 2.0})
    tracker.close("FINISHED")
    (child,) = _children(client, experiment_id, run_id).values()
    assert (child.info.status, child.data.tags["follows"]) == ("FINISHED", "one picture")
    assert client.get_run(run_id).info.status == "RUNNING", "the run itself is its caller's to end"
    assert client.get_run(run_id).data.tags["attempt"] == "1"
    assert _curve(client, run_id, "loss/generator") == [(64, 1.0), (128, 1.0), (192, 1.0)]
    assert _curve(client, child.info.run_id, "loss/generator") == [(128, 2.0), (192, 2.0), (256, 2.0)]


def test_an_attempt_is_found_again_and_the_one_before_has_failed(
    client: MlflowClient, experiment_id: str, run_id: str
) -> None:
    """The process is killed in attempt 2, and another one resumes it."""
    first = MlflowTracker(client, run_id)
    first.start_attempt(1)
    killed = first.start_attempt(2)
    killed.log_metrics(64, {"loss/generator": 1.0})
    killed.flush()
    resumed = MlflowTracker(client, run_id)
    for number in (1, 2):
        attempt = resumed.start_attempt(number)
    for images_seen in (64, 128):
        attempt.log_metrics(images_seen, {"loss/generator": 1.0})
    resumed.close("FINISHED")
    children = _children(client, experiment_id, run_id)
    assert {number: run.info.status for number, run in children.items()} == {"1": "FAILED", "2": "FINISHED"}
    assert _curve(client, children["2"].info.run_id, "loss/generator") == [(64, 1.0), (128, 1.0)]


@pytest.mark.parametrize(
    ("error", "status"),
    [(None, "FINISHED"), (KeyboardInterrupt(), "KILLED"), (SystemExit(143), "KILLED"), (ValueError(), "FAILED")],
)
def test_the_last_attempt_has_the_status_of_the_training(
    error: BaseException | None, status: str, client: MlflowClient, experiment_id: str
) -> None:
    with (
        mlflow.start_run(experiment_id=experiment_id) as run,
        suppress(BaseException),
        tracker_of_active_run() as tracker,
    ):
        tracker.start_attempt(1).log_metrics(64, {"loss/generator": 1.0})
        if error:
            raise error
    (child,) = _children(client, experiment_id, run.info.run_id).values()
    assert child.info.status == status
    assert _curve(client, child.info.run_id, "loss/generator") == [(64, 1.0)], "what was buffered is written"


def test_without_an_active_run_nothing_is_recorded() -> None:
    samples = torch.zeros(6, 1, 8, 8, dtype=torch.uint8)
    with tracker_of_active_run() as tracker:
        tracker.log_metrics(64, {"loss/generator": 1.0})
        tracker.log_images("samples/fixed_z", 64, samples, "image")
        tracker.set_tag("fingerprint", "abc")
        assert tracker.start_attempt(1) is tracker
    assert isinstance(tracker, NullTracker) and vars(tracker) == {}
    # Only this test still refers to the samples.
    assert sys.getrefcount(samples) == 2
