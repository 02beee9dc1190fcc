"""The tracker's points and grids, as MLflow has them."""

import sys

import pytest
import torch
from mlflow import MlflowClient

from ganops.tracking.mlflow_tracker import MlflowTracker, SilentTracker, active_tracker


@pytest.fixture
def run_id(client: MlflowClient, experiment_id: str) -> str:
    return client.create_run(experiment_id).info.run_id


def _curve(client: MlflowClient, run_id: str, name: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in client.get_metric_history(run_id, name)]


def test_points_are_buffered_and_written_in_order(client: MlflowClient, run_id: str) -> None:
    tracker = MlflowTracker(client, run_id)
    for images_seen in (64, 128, 192):
        tracker.scalars(images_seen, {"loss/generator": images_seen / 64, "logit/real": 0.5})
    assert _curve(client, run_id, "loss/generator") == []
    tracker.flush()
    assert _curve(client, run_id, "loss/generator") == [(64, 1.0), (128, 2.0), (192, 3.0)]
    assert _curve(client, run_id, "logit/real") == [(64, 0.5), (128, 0.5), (192, 0.5)]


def test_many_points_are_written_without_a_flush(client: MlflowClient, run_id: str) -> None:
    tracker = MlflowTracker(client, run_id)
    for images_seen in range(1, 101):
        tracker.scalars(images_seen, {f"loss/{name}": 0.0 for name in "abcdef"})
    assert len(_curve(client, run_id, "loss/a")) >= 80


def test_a_resumed_run_has_no_doubled_step_and_no_gap(client: MlflowClient, run_id: str) -> None:
    """Killed at 192 after a checkpoint at 64; a curve that the first part did not have begins late."""
    first = MlflowTracker(client, run_id)
    for images_seen in (64, 128, 192):
        first.scalars(images_seen, {"loss/generator": float(images_seen)})
    first.flush()
    second = MlflowTracker(client, run_id)
    for images_seen in (128, 192, 256):
        second.scalars(images_seen, {"loss/generator": float(images_seen), "penalty/r1": 1.0})
    second.flush()
    assert _curve(client, run_id, "loss/generator") == [(64, 64.0), (128, 128.0), (192, 192.0), (256, 256.0)]
    assert _curve(client, run_id, "penalty/r1") == [(128, 1.0), (192, 1.0), (256, 1.0)]


def test_grids_stand_at_their_steps_once(client: MlflowClient, run_id: str) -> None:
    samples = torch.zeros(6, 1, 8, 8, dtype=torch.uint8)
    for _ in range(2):
        tracker = MlflowTracker(client, run_id)
        for images_seen in (64, 128):
            tracker.images("samples/fixed_z", images_seen, samples, 3)
    names = [artifact.path for artifact in client.list_artifacts(run_id, "images")]
    pictures = sorted(name.split("+timestamp")[0] for name in names if name.endswith(".png"))
    assert pictures == ["images/samples~fixed_z+step+128", "images/samples~fixed_z+step+64"]


def test_a_note_is_a_tag(client: MlflowClient, run_id: str) -> None:
    MlflowTracker(client, run_id).note("fingerprint", "abc")
    assert client.get_run(run_id).data.tags["fingerprint"] == "abc"


def test_without_an_active_run_nothing_is_kept() -> None:
    samples = torch.zeros(6, 1, 8, 8, dtype=torch.uint8)
    with active_tracker() as tracker:
        tracker.scalars(64, {"loss/generator": 1.0})
        tracker.images("samples/fixed_z", 64, samples, 3)
        tracker.note("fingerprint", "abc")
    assert isinstance(tracker, SilentTracker) and vars(tracker) == {}
    # The only reference left is the one of this test.
    assert sys.getrefcount(samples) == 2
