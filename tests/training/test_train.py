import signal
import subprocess
import sys
import textwrap
import threading

import pytest
import torch

from ganops.errors import CheckpointError, TrainingError
from ganops.games.build import build_game
from ganops.training.checkpoint import Checkpoints, fingerprint
from ganops.training.failure import FailedAttempt
from ganops.training.state import TrainingState
from ganops.training.tracker import SilentTracker
from ganops.training.train import train


def equal(left, right):
    return left.keys() == right.keys() and all(torch.equal(left[key], right[key]) for key in left)


def curves(tracker):
    seconds = {"speed/images_per_second", "time/seconds"}
    return [(seen, {k: v for k, v in values.items() if k not in seconds}) for seen, values in tracker.points]


class Stopped(Exception):
    pass


class StopsAfter:
    """Batches that fail when asked for the sample `at`."""

    def __init__(self, batches, at):
        self.batches, self.at = batches, at

    def batch(self, first, count):
        if first >= self.at:
            raise Stopped
        return self.batches.batch(first, count)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_training_that_was_stopped_ends_in_the_same_bytes(
    recipe, precision, make_settings, stripes, tracker, tmp_path
):
    settings = make_settings(recipe, checkpoint_every_images=24, precision=precision)
    whole = train(settings, stripes, "data", tmp_path / "whole", tracker)
    with pytest.raises(Stopped):
        train(settings, StopsAfter(stripes, 64), "data", tmp_path / "stopped", tracker)
    resumed = train(settings, stripes, "data", tmp_path / "stopped", tracker)
    assert tracker.notes["resumed_at_images"] == ("40" if settings.round_images == 40 else "48")
    assert equal(whole.state, resumed.state)
    assert whole.curves.to_csv() == resumed.curves.to_csv()
    assert whole.digests.to_csv() == resumed.digests.to_csv()


def test_no_point_is_lost_or_doubled_where_the_checkpoint_falls_between_two_logs(make_settings, stripes, tmp_path):
    from .conftest import ListTracker

    settings = make_settings("dcgan", checkpoint_every_images=24, log_every_images=32)
    whole, stopped, resumed = ListTracker(), ListTracker(), ListTracker()
    train(settings, stripes, "data", tmp_path / "whole", whole)
    with pytest.raises(Stopped):
        train(settings, StopsAfter(stripes, 56), "data", tmp_path / "stopped", stopped)
    train(settings, stripes, "data", tmp_path / "stopped", resumed)
    assert curves(resumed) == curves(whole), "a tracker that was not there before hears the whole"
    assert curves(stopped) == curves(whole)[: len(stopped.points)], "one that was hears the same again"
    assert stopped.points[stopped.flushed - 1][0] == 32, "before the checkpoint at 48 all was written"


def test_progress_hears_first_where_the_training_starts(make_settings, stripes, tracker, tmp_path):
    settings = make_settings("dcgan", checkpoint_every_images=24, log_every_images=32)
    heard = []
    with pytest.raises(Stopped):
        train(settings, StopsAfter(stripes, 56), "data", tmp_path, tracker, lambda *told: heard.append(told))
    assert heard[0] == (0, {})
    heard.clear()
    train(settings, stripes, "data", tmp_path, tracker, lambda *told: heard.append(told))
    assert heard[0] == (48, {})
    assert [seen for seen, _ in heard[1:]] == [64, 80]


def test_a_finished_training_whose_result_was_lost_is_not_played_again(make_settings, stripes, tracker, tmp_path):
    settings = make_settings("dcgan", checkpoint_every_images=24)
    whole = train(settings, stripes, "data", tmp_path, tracker)
    again = train(settings, StopsAfter(stripes, 0), "data", tmp_path, tracker)
    assert equal(whole.state, again.state)
    assert whole.curves.to_csv() == again.curves.to_csv()
    assert whole.digests.to_csv() == again.digests.to_csv()


def test_the_fixed_samples_are_a_row_a_class_of_the_averaged_generator(make_settings, stripes, tracker, tmp_path):
    train(make_settings("dcgan", sample_every_images=40), stripes, "data", tmp_path, tracker)
    assert [seen for _, seen, _, _ in tracker.pictures] == [40, 80]
    key, _, samples, columns = tracker.pictures[-1]
    assert (key, samples.shape, samples.dtype, columns) == ("samples/fixed_z", (24, 1, 12, 9), torch.uint8, 8)


def test_a_loss_that_is_not_finite_stops_the_training_and_names_itself(make_settings, stripes, tracker, tmp_path):
    class Poisoned:
        def batch(self, first, count):
            batch = stripes.batch(first, count)
            return {**batch, "image": batch["image"] * (torch.nan if first >= 32 else 1.0)}

    with pytest.raises(TrainingError, match=r"loss/discriminator.*not finite, at 40 images"):
        train(make_settings("dcgan"), Poisoned(), "data", tmp_path, tracker)


def test_a_training_that_goes_on_says_from_which_checkpoint_of_which_run(make_settings, stripes, tracker, tmp_path):
    settings, heard = make_settings("dcgan", checkpoint_every_images=24), []
    with pytest.raises(Stopped):
        train(settings, StopsAfter(stripes, 40), "data", tmp_path, tracker, tell=heard.append)
    assert heard == [], "what begins says nothing"
    train(settings, stripes, "data", tmp_path, type(tracker)(), tell=heard.append)
    said = "The training goes on from its checkpoint at 24 of 80 images, which the run listed (1) left."
    assert heard == [said]
    train(settings, stripes, "data", tmp_path, SilentTracker(), tell=heard.append)
    (_, last) = heard
    assert last.startswith(
        "The training is complete already: the result is read from its checkpoint at 80 of 80 images"
    )


def test_who_waits_for_another_training_says_so(make_settings, stripes, tracker, tmp_path):
    settings, heard, waits = make_settings("dcgan"), [], threading.Event()
    scratch = Checkpoints(tmp_path / fingerprint(settings, "data"))

    def tell(line):
        heard.append(line)
        waits.set()

    def second():
        train(settings, stripes, "data", tmp_path, tracker, tell=tell)

    with scratch.alone(heard.append):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(60) and tracker.points == []
    thread.join(60)
    (line,) = heard
    assert "waiting" in line and str(scratch.folder / "lock") in line
    assert tracker.points[-1][0] == settings.total_images


def test_the_fingerprint_sees_all_that_shapes_the_files(make_settings):
    settings = make_settings("dcgan")
    assert fingerprint(settings, "data") == fingerprint(settings.model_copy(update={"sample_every_images": 99}), "data")
    assert fingerprint(settings, "data") != fingerprint(settings.model_copy(update={"log_every_images": 99}), "data")
    assert fingerprint(settings, "data") != fingerprint(settings, "other")
    assert fingerprint(settings, "data") != fingerprint(settings.model_copy(update={"seed": 1}), "data")


def test_the_last_healthy_checkpoint_outlives_the_last_two(make_settings, tmp_path):
    settings = make_settings("dcgan")
    state = TrainingState.initial(settings, build_game(settings))
    checkpoints = Checkpoints(tmp_path / "run")

    def save(images_seen, healthy, attempt=0):
        state.images_seen, state.attempt = images_seen, attempt
        state.failures = [FailedAttempt(40, "", "")] * attempt
        checkpoints.save(state, healthy)
        return sorted(file.stem.lstrip("0") for file in (tmp_path / "run").glob("*.safetensors"))

    assert [save(seen, seen == 16) for seen in (8, 16, 24, 32, 40)][-1] == ["16", "32", "40"]
    other = TrainingState.initial(settings, build_game(settings))
    checkpoints.restore_healthy(other)
    assert other.images_seen == 16
    assert checkpoints.restore(other) and other.images_seen == 40
    assert save(16, True, attempt=1) == ["16", "attempt-1-00000000000016"], "what came after is over"
    assert checkpoints.restore(other) and (other.images_seen, other.attempt) == (16, 1)
    assert save(24, False, attempt=1) == ["attempt-1-00000000000016", "attempt-1-00000000000024"]


def test_a_damaged_checkpoint_is_an_error_that_names_it(make_settings, tmp_path):
    settings = make_settings("dcgan")
    state = TrainingState.initial(settings, build_game(settings))
    checkpoints = Checkpoints(tmp_path / "run")
    checkpoints.save(state)
    (file,) = (tmp_path / "run").glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=file.name):
        checkpoints.restore(state)


def test_a_checkpoint_of_other_shapes_is_refused(make_settings, tmp_path):
    checkpoints = Checkpoints(tmp_path / "run")
    small, large = make_settings("dcgan", width=4), make_settings("dcgan", width=8)
    checkpoints.save(TrainingState.initial(small, build_game(small)))
    with pytest.raises(CheckpointError, match=r"where float32 \(.* is wanted"):
        checkpoints.restore(TrainingState.initial(large, build_game(large)))


INTERRUPTED = """
    import os, signal, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    from conftest import ListTracker, Stripes, tiny_settings
    from ganops.training.train import train

    class Signals(Stripes):
        def batch(self, first, count):
            if first == 40:
                os.kill(os.getpid(), int(sys.argv[3]))
            return super().batch(first, count)

    settings = tiny_settings("dcgan", checkpoint_every_images=10_000)
    train(settings, Signals(), "data", Path(sys.argv[2]), ListTracker())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_training_leaves_a_checkpoint_of_the_round_that_it_finished(number, tmp_path, pytestconfig):
    command = [
        sys.executable,
        "-c",
        textwrap.dedent(INTERRUPTED),
        pytestconfig.rootpath / "tests" / "training",
        tmp_path,
        str(int(number)),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    # Not by the exit code: CPython forgets a KeyboardInterrupt where code that runs at exit executes a string.
    interrupted = ended.stderr.endswith("\nKeyboardInterrupt\n")
    assert interrupted if number == signal.SIGINT else ended.returncode == -number, ended.stderr
    assert [file.stem for file in tmp_path.glob("*/*.safetensors")] == [f"{48:014d}"]
