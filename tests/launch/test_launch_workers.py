"""Two workers of one training, launched by torch elastic: what becomes of it when one is killed, meets an error, or all
are interrupted."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import launch_parts
import psutil
import pytest
import torch
from launch_parts import Heard, killing_progress, writing_progress

from ganops.config import TrainingParameters
from ganops.errors import CheckpointError, ConfigurationError, TrainingError
from ganops.launch.launch import launch_training
from ganops.launch.worker import SILENT_TRACKER, TrainingJob

SIZES = {"recipe": "r3gan", "width": 4, "batch": 8, "total_images": 80, "latent_dimension": 5, "threads": 1}
TWO = {**SIZES, "device": "cpu", "precision": "fp32", "checkpoint_every_images": 24, "processes": 2}


def launch(store, folder, open_progress, tell=print, **overrides):
    parameters = TrainingParameters(**{**TWO, **overrides})
    return launch_training(store, parameters, folder, SILENT_TRACKER, open_progress, tell, len)


@pytest.fixture(scope="module")
def whole(noise_store, tmp_path_factory):
    """The state and the curves of a training by two workers that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    settings, state, _, curves, _, _ = launch(noise_store, folder, partial(writing_progress, folder / "heard"))
    assert settings["processes"] == 2
    return state, curves, Heard(folder / "heard")


def same(state, other):
    return state.keys() == other.keys() and all(torch.equal(state[name], other[name]) for name in state)


def test_the_leading_worker_alone_shows_the_progress(whole):
    _, _, heard = whole
    assert heard.images_seen == list(range(0, 81, 8))
    assert len(set(heard.pids)) == 1 and os.getpid() not in heard.pids


def test_a_killed_worker_restarts_and_the_training_ends_in_the_same_bytes(whole, noise_store, tmp_path):
    told = []
    progress = partial(killing_progress, tmp_path / "heard", 56)
    _, state, _, curves, _, _ = launch(noise_store, tmp_path, progress, told.append)
    assert same(state, whole[0]) and curves.to_csv() == whole[1].to_csv()
    (line,) = [line for line in told if "go on" in line]
    assert line.startswith("Of 2 processes process ")
    assert len(set(Heard(tmp_path / "heard").pids)) == 2, "one leading worker before, another after"
    assert Heard(tmp_path / "heard").images_seen.count(48) == 2, "all go on from the checkpoint at 48"


def test_an_error_of_a_worker_is_raised_as_it_is_and_not_tried_again(noise_store, tmp_path):
    launch(noise_store, tmp_path, partial(writing_progress, tmp_path / "heard"), total_images=24)
    (checkpoint,) = [max(tmp_path.rglob("*.safetensors"), key=lambda path: path.stat().st_mtime)]
    checkpoint = max(checkpoint.parent.parent.glob("*/*.safetensors"))
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    told = []
    with pytest.raises(CheckpointError, match="expected a whole training state") as caught:
        launch(noise_store, tmp_path, partial(writing_progress, tmp_path / "again"), told.append, total_images=24)
    assert caught.value.subject == str(checkpoint)
    assert not [line for line in told if "go on" in line]


def test_a_worker_whose_code_was_edited_since_is_refused(noise_store, tmp_path, monkeypatch):
    """Started again it would read the edited files, and begin another training."""
    monkeypatch.setattr("ganops.launch.launch.TrainingJob", partial(TrainingJob, code="0" * 64))
    with pytest.raises(TrainingError, match="edited since"):
        launch(noise_store, tmp_path, partial(writing_progress, tmp_path / "heard"))
    assert not list(tmp_path.rglob("*.safetensors"))


def test_workers_that_are_lost_too_often_end_the_training(noise_store, tmp_path, monkeypatch):
    monkeypatch.setattr("ganops.launch.launch_workers.RESTARTS", 0)
    with pytest.raises(TrainingError, match=r"1 times that process . (was ended by SIGKILL|ended with)"):
        launch(noise_store, tmp_path, partial(killing_progress, tmp_path / "heard", 16))


def has_ended(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_to_the_launching_process_ends_its_workers_who_leave_a_checkpoint(number, noise_store, tmp_path):
    """SIGKILL too: the system tells the workers that their parent has died."""
    if number == signal.SIGKILL and sys.platform != "linux":
        pytest.skip("only Linux tells a process that its parent has died")
    heard = tmp_path / "heard"
    command = [sys.executable, launch_parts.__file__, str(noise_store.path), str(tmp_path), str(heard)]
    with (tmp_path / "said").open("wb") as said, subprocess.Popen(command, stderr=said) as process:
        while not (heard.exists() and max(Heard(heard).images_seen, default=0) >= 32):
            assert process.poll() is None, (tmp_path / "said").read_text()
            time.sleep(0.05)
        process.send_signal(number)
        code = process.wait(timeout=300)
    assert code == -number
    deadline = time.monotonic() + 120
    while not all(has_ended(pid) for pid in Heard(heard).pids):
        assert number == signal.SIGKILL and time.monotonic() < deadline, "a worker was left behind"
        time.sleep(0.05)
    seen = max(Heard(heard).images_seen)
    (folder,) = {file.parent for file in tmp_path.glob("*/*.safetensors")}
    newest = max(int(file.stem) for file in folder.glob("*.safetensors"))
    assert newest >= seen, "the round was finished, and is kept"


def test_devices_that_are_not_there_are_missed_before_anything_starts(noise_store, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    with pytest.raises(ConfigurationError, match=r"training\.processes: expected at most 1, a cuda device each"):
        launch(noise_store, tmp_path, SILENT_TRACKER, device="cuda")


@pytest.mark.parametrize("launcher", ["elastic", "ray"])
def test_several_processes_on_mps_are_refused_before_anything_starts(launcher, noise_store, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    with pytest.raises(ConfigurationError, match=r"training\.processes: expected 1 with training\.device=mps"):
        launch(noise_store, tmp_path, SILENT_TRACKER, device="mps", launcher=launcher)


def test_a_training_that_a_thread_launches_is_the_same(whole, noise_store, tmp_path):
    """Kedro's ThreadRunner, and notebooks: no handler of a signal may be set there."""
    with ThreadPoolExecutor() as threads:
        launched = threads.submit(launch, noise_store, tmp_path, partial(writing_progress, tmp_path / "heard"))
        assert same(launched.result()[1], whole[0])


def test_a_batch_that_cannot_be_shared_equally_is_refused(noise_store, tmp_path):
    with pytest.raises(ConfigurationError, match="a divisor of the batch of 8"):
        launch(noise_store, tmp_path, SILENT_TRACKER, processes=3)
