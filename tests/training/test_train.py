import signal
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import pytest
import torch

from ganops.errors import CheckpointError, TrainingError
from ganops.parameters import Ramp, leaves
from ganops.training.checkpoint import Checkpoints, fingerprint
from ganops.training.failure import FailedAttempt
from ganops.training.state import TrainingState
from ganops.training.tracker import NullTracker

from ..parameters import images, resolve_settings
from .conftest import ListTracker
from .helpers import Stopped, StopsAt, equal, train, training_game


def curves(tracker):
    seconds = {"speed/images_per_second", "time/seconds"}
    return [(seen, {k: v for k, v in values.items() if k not in seconds}) for seen, values in tracker.points]


def test_resumed_curves_have_every_point_once(make_settings, stripes, tmp_path):
    settings = make_settings("dcgan", checkpoint_every_images=24, log_every_images=32)
    whole, stopped, resumed = ListTracker(), ListTracker(), ListTracker()
    train(settings, stripes, "data", tmp_path / "whole", whole)
    with pytest.raises(Stopped):
        train(settings, StopsAt(stripes, 56), "data", tmp_path / "stopped", stopped)
    train(settings, stripes, "data", tmp_path / "stopped", resumed)
    assert curves(resumed) == curves(whole), "a new tracker receives all points"
    assert curves(stopped) == curves(whole)[: len(stopped.points)], "a known one receives the same points again"
    assert stopped.points[stopped.flushed - 1][0] == 32, "before the checkpoint at 48 all was written"


def test_tracker_receives_where_the_training_starts_and_ends(make_settings, stripes, tracker, tmp_path):
    settings = make_settings("dcgan", checkpoint_every_images=24, log_every_images=32)
    with pytest.raises(Stopped):
        train(settings, StopsAt(stripes, 56), "data", tmp_path, tracker)
    train(settings, stripes, "data", tmp_path, tracker)
    assert tracker.starts == [(0, 80), (48, 80)]


def test_a_finished_training_is_not_repeated(make_settings, stripes, tracker, tmp_path):
    settings = make_settings("dcgan", checkpoint_every_images=24)
    whole = train(settings, stripes, "data", tmp_path, tracker)
    again = train(settings, StopsAt(stripes, 0), "data", tmp_path, tracker)
    assert equal(whole.state, again.state)
    assert whole.curves.to_csv() == again.curves.to_csv()
    assert whole.digests.to_csv() == again.digests.to_csv()


def test_fixed_samples_are_a_row_for_each_class(make_settings, stripes, tracker, tmp_path):
    train(make_settings("dcgan", sample_every_images=40), stripes, "data", tmp_path, tracker)
    assert [seen for _, seen, _, _ in tracker.pictures] == [40, 80]
    key, _, samples, field = tracker.pictures[-1]
    assert (key, samples.shape, samples.dtype, field) == ("samples/fixed_z", (24, 1, 12, 9), torch.uint8, "image")


def test_a_loss_that_is_not_finite_is_named(make_settings, stripes, tracker, tmp_path):
    class Poisoned:
        def batch(self, first, count):
            batch = stripes.batch(first, count)
            return {**batch, "image": batch["image"] * (torch.nan if first >= 32 else 1.0)}

    with pytest.raises(TrainingError, match=r"loss/discriminator.*not finite, at 40 images"):
        train(make_settings("dcgan"), Poisoned(), "data", tmp_path, tracker)


def test_resume_message_names_the_checkpoint_and_its_run(make_settings, stripes, tracker, tmp_path, caplog):
    caplog.set_level("INFO", "ganops")
    settings = make_settings("dcgan", checkpoint_every_images=24)
    with pytest.raises(Stopped):
        train(settings, StopsAt(stripes, 40), "data", tmp_path, tracker)
    assert caplog.messages == [], "a training that starts logs nothing"
    train(settings, stripes, "data", tmp_path, ListTracker())
    (first,) = caplog.messages
    assert first == "The training resumes from its checkpoint at 24 of 80 images, written by the run listed (1)."
    train(settings, stripes, "data", tmp_path, NullTracker())
    (_, last) = caplog.messages
    assert last.startswith("The training is complete: its result is read from its checkpoint at 80 of 80 images")


def test_a_second_training_waits_for_the_lock_and_logs_it(make_settings, stripes, tracker, tmp_path, caplog):
    caplog.set_level("INFO", "ganops")
    settings = make_settings("dcgan")
    checkpoints = Checkpoints(tmp_path / fingerprint(settings, "data"))
    with checkpoints.exclusive():
        thread = threading.Thread(target=train, args=(settings, stripes, "data", tmp_path, tracker))
        thread.start()
        deadline = time.monotonic() + 60
        while not caplog.messages and time.monotonic() < deadline:
            time.sleep(0.01)
        assert tracker.points == []
    thread.join(60)
    (line,) = caplog.messages
    assert line.startswith("Waiting: another process") and str(checkpoints.folder / "lock") in line
    assert tracker.points[-1][0] == settings.budget.total_images


NO_EFFECT = {f"execution.{key}" for key in ("sample_every_images", "attempts", "processes", "launcher")}
KEYS = sorted(leaves(resolve_settings("dcgan", images(1, 12, 9))))


@pytest.mark.parametrize("key", KEYS)
def test_fingerprint_covers_every_setting_that_shapes_the_files(key, make_settings):
    settings = make_settings("dcgan")
    value = leaves(settings)[key]
    other = value.model_copy(update={"start": -1.0}) if isinstance(value, Ramp) else "another"
    changed = with_value(settings, key, other)
    # The value is none that the setting may have: its JSON differs from each.
    with warnings.catch_warnings(action="ignore"):
        assert (fingerprint(changed, "data") == fingerprint(settings, "data")) == (key in NO_EFFECT)


def with_value(parameters, key, value):
    """Return a copy with another value at a dotted key, without validation."""
    name, _, inner = key.partition(".")
    new = with_value(getattr(parameters, name), inner, value) if inner else value
    return parameters.model_copy(update={name: new})


def test_fingerprint_covers_the_data(make_settings):
    settings = make_settings("dcgan")
    assert fingerprint(settings, "data") != fingerprint(settings, "other")


def test_the_last_healthy_checkpoint_outlives_the_last_two(make_settings, tmp_path):
    settings = make_settings("dcgan")
    state = TrainingState.initial(settings, training_game(settings))
    checkpoints = Checkpoints(tmp_path / "run")

    def save(images_seen, healthy, attempt=0):
        state.images_seen, state.attempt = images_seen, attempt
        state.failures = [FailedAttempt(40, "", "")] * attempt
        checkpoints.save(state, healthy)
        return sorted(file.stem.lstrip("0") for file in (tmp_path / "run").glob("*.safetensors"))

    assert [save(seen, seen == 16) for seen in (8, 16, 24, 32, 40)][-1] == ["16", "32", "40"]
    other = TrainingState.initial(settings, training_game(settings))
    checkpoints.restore_healthy(other)
    assert other.images_seen == 16
    assert checkpoints.restore(other) and other.images_seen == 40
    assert save(16, True, attempt=1) == ["16", "attempt-1-00000000000016"], "later ones are deleted"
    assert checkpoints.restore(other) and (other.images_seen, other.attempt) == (16, 1)
    assert save(24, False, attempt=1) == ["attempt-1-00000000000016", "attempt-1-00000000000024"]


def test_a_damaged_checkpoint_is_named(make_settings, tmp_path):
    settings = make_settings("dcgan")
    state = TrainingState.initial(settings, training_game(settings))
    checkpoints = Checkpoints(tmp_path / "run")
    checkpoints.save(state)
    (file,) = (tmp_path / "run").glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=file.name):
        checkpoints.restore(state)


def test_a_checkpoint_of_other_shapes_is_refused(make_settings, tmp_path):
    checkpoints = Checkpoints(tmp_path / "run")
    small, large = make_settings("dcgan", base_channels=4), make_settings("dcgan", base_channels=8)
    checkpoints.save(TrainingState.initial(small, training_game(small)))
    with pytest.raises(CheckpointError, match=r"where float32 \(.* is wanted"):
        checkpoints.restore(TrainingState.initial(large, training_game(large)))


INTERRUPTED = """
    import os, signal, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    from helpers import ListTracker, Stripes, train
    from ganops.training_settings import Settings

    class Signals(Stripes):
        def batch(self, first, count):
            if first == 40:
                os.kill(os.getpid(), int(sys.argv[3]))
            return super().batch(first, count)

    train(Settings.model_validate_json(sys.argv[4]), Signals(), "data", Path(sys.argv[2]), ListTracker())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_training_finishes_its_iteration_and_saves(number, make_settings, tmp_path, pytestconfig):
    command = [
        sys.executable,
        "-c",
        textwrap.dedent(INTERRUPTED),
        pytestconfig.rootpath / "tests" / "training",
        tmp_path,
        str(int(number)),
        make_settings("dcgan", checkpoint_every_images=10_000).model_dump_json(),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    # Not by the exit code: CPython forgets a KeyboardInterrupt where code that runs at exit executes a string.
    interrupted = ended.stderr.endswith("\nKeyboardInterrupt\n")
    assert interrupted if number == signal.SIGINT else ended.returncode == -number, ended.stderr
    assert [file.stem for file in tmp_path.glob("*/*.safetensors")] == [f"{48:014d}"]
