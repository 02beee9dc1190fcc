"""Snapshots are the EMA networks at their times, whatever stopped the training in between."""

import pytest
import torch
from safetensors.torch import save_file

from ganops.errors import CheckpointError
from ganops.tensors import decode_text
from ganops.training.checkpoint import Checkpoints
from ganops.training.meters import Stopwatch
from ganops.training.snapshots import Snapshots
from ganops.training.state import TrainingState

from .conftest import unscheduled
from .helpers import Stopped, StopsAt, equal, train, training_game


def at(snapshots, images_seen):
    prefix = f"{images_seen:014d}/"
    return {name.removeprefix(prefix): tensor for name, tensor in snapshots.items() if name.startswith(prefix)}


def times_of(snapshots):
    return sorted({int(name.split("/")[0]) for name in snapshots if name != "fingerprint"})


def weights(networks):
    return {f"{name}/{key}": value for name, network in networks.items() for key, value in network.state_dict().items()}


@pytest.mark.parametrize("every, times", [(None, [16, 32, 48, 64, 80]), (32, [32, 64, 80]), (1, range(8, 81, 8))])
def test_snapshots_are_at_multiples_and_at_the_end(every, times, make_settings, stripes, tracker, tmp_path):
    result = train(make_settings("dcgan", snapshot_every_images=every), stripes, "data", tmp_path, tracker)
    assert times_of(result.snapshots) == list(times)
    assert equal(at(result.snapshots, 80), weights(result.ema))
    assert decode_text(result.snapshots["fingerprint"]) == result.fingerprint
    assert equal(at(result.snapshots, times[0]), weights(result.ema)) is False


@pytest.mark.parametrize("total, times", [(83, [24, 40, 56, 72, 88]), (8, [8])])
def test_five_snapshots_by_default(total, times, make_settings, stripes, tracker, tmp_path):
    result = train(make_settings("dcgan", total_images=total), stripes, "data", tmp_path, tracker)
    assert times_of(result.snapshots) == times


def test_a_snapshot_equals_a_shorter_training(recipe, make_settings, stripes, tracker, tmp_path):
    settings = make_settings(recipe, snapshot_every_images=40, burn_in_images=0, **unscheduled(recipe))
    whole = train(settings, stripes, "data", tmp_path, tracker)
    half = train(settings.replace({"budget.total_images": 40}), stripes, "data", tmp_path, tracker)
    assert equal(at(whole.snapshots, 40), weights(half.ema))


def test_a_stopped_training_leaves_the_same_snapshots(recipe, make_settings, stripes, tracker, tmp_path):
    """Stopped between a snapshot and the next checkpoint."""
    settings = make_settings(recipe, checkpoint_every_images=24, snapshot_every_images=10)
    whole = train(settings, stripes, "data", tmp_path / "whole", tracker)
    with pytest.raises(Stopped):
        train(settings, StopsAt(stripes, 64), "data", tmp_path / "stopped", tracker)
    resumed = train(settings, stripes, "data", tmp_path / "stopped", tracker)
    assert equal(whole.snapshots, resumed.snapshots)
    again = train(settings, StopsAt(stripes, 0), "data", tmp_path / "stopped", tracker)
    assert equal(whole.snapshots, again.snapshots), "a finished training is not repeated"


def test_restoring_a_checkpoint_deletes_later_snapshots(make_settings, stripes, tracker, tmp_path):
    settings = make_settings("dcgan", checkpoint_every_images=32, snapshot_every_images=16)
    train(settings, stripes, "data", tmp_path, tracker)
    (folder,) = tmp_path.iterdir()
    checkpoints, state = Checkpoints(folder), TrainingState.initial(settings, training_game(settings))
    (folder / f"{80:014d}.safetensors").unlink()
    assert checkpoints.restore(state) and state.images_seen == 64
    assert sorted({int(name.split("/")[0]) for name in checkpoints.snapshots.load_all()}) == [16, 32, 48, 64]
    (folder / f"{64:014d}.safetensors").unlink()
    assert not checkpoints.restore(TrainingState.initial(settings, training_game(settings)))
    assert checkpoints.snapshots.load_all() == {}, "a training from the start has none"


def test_a_damaged_snapshot_is_named(tmp_path):
    save_file({"weight": torch.zeros(3)}, (tmp_path / f"{8:014d}.safetensors"))
    file = tmp_path / f"{8:014d}.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=f"{file.name}.*whole snapshot.*Delete {tmp_path.parent}"):
        Snapshots(tmp_path).load_all()


def test_seconds_resume_from_the_last_checkpoint(make_settings, stripes, tracker, tmp_path):
    settings = make_settings("dcgan", checkpoint_every_images=24, log_every_images=8)
    with pytest.raises(Stopped):
        train(settings, StopsAt(stripes, 56), "data", tmp_path, tracker)
    (folder,) = tmp_path.iterdir()
    kept = float((folder / "seconds").read_text())
    (folder / "seconds").write_text(f"{1000 + kept}\n")
    logged = len(tracker.points)
    train(settings, stripes, "data", tmp_path, tracker)
    seconds = [values["time/seconds"] for _, values in tracker.points if "time/seconds" in values]
    before, after = [one for one in seconds if one < 1000], [one for one in seconds if one >= 1000]
    assert before == sorted(before) and before[0] > 0 and kept <= before[-1]
    assert after == sorted(after) and after[0] > 1000 + kept and len(tracker.points) > logged
    assert Stopwatch(folder / "seconds", 80).seconds > after[-1], "the last checkpoint came after the last log"
