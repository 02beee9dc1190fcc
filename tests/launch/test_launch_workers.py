"""Two workers of one training, launched by torch elastic: one is killed or raises an error, or all are interrupted."""

import os
import re
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
from launch_parts import Written, file_tracker, killing_tracker

from ganops.errors import CheckpointError, ConfigurationError, TrainingError
from ganops.launch.launch import launch_training
from ganops.launch.worker import NO_TRACKER, TrainingJob

from ..parameters import training
from ..training.helpers import equal

SIZES = {"recipe": "r3gan", "base_channels": 4, "batch": 8, "total_images": 80, "latent_dimension": 5, "threads": 1}
TWO = {**SIZES, "device": "cpu", "precision": "fp32", "checkpoint_every_images": 24, "processes": 2}


def launch(store, folder, open_tracker=NO_TRACKER, **overrides):
    parameters = training(**{**TWO, **overrides})
    return launch_training(store, parameters, checkpoints=folder, open_tracker=open_tracker, show_settings=len)


@pytest.fixture(scope="module")
def whole(noise_store, tmp_path_factory):
    """Return the outputs of an undisturbed training by two workers, and what its tracker wrote."""
    folder = tmp_path_factory.mktemp("whole")
    outputs = launch(noise_store, folder, partial(file_tracker, folder / "written"))
    assert outputs.settings.execution.processes == 2
    return outputs, Written(folder / "written")


def test_only_the_main_worker_tracks(whole):
    _, written = whole
    assert written.images_seen == list(range(0, 81, 8))
    assert len(set(written.pids)) == 1 and os.getpid() not in written.pids


def test_after_a_killed_worker_the_training_ends_in_the_same_bytes(whole, noise_store, tmp_path, caplog):
    outputs = launch(noise_store, tmp_path, partial(killing_tracker, tmp_path / "written", 56))
    assert equal(outputs.state, whole[0].state) and outputs.curves.to_csv() == whole[0].curves.to_csv()
    (line,) = [line for line in caplog.messages if "restarting" in line]
    assert re.match(r"Worker . of 2 .*; restarting all 2 workers from the last checkpoint \(3 restarts left\)", line)
    written = Written(tmp_path / "written")
    assert len(set(written.pids)) == 2, "one main worker before, another after"
    assert written.images_seen.count(48) == 2, "all resume from the checkpoint at 48"


def test_an_error_of_a_worker_is_raised_and_not_retried(noise_store, tmp_path, caplog):
    launch(noise_store, tmp_path, total_images=24)
    (checkpoint,) = [max(tmp_path.rglob("*.safetensors"), key=lambda path: path.stat().st_mtime)]
    checkpoint = max(checkpoint.parent.parent.glob("*/*.safetensors"))
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="expected a whole training state") as caught:
        launch(noise_store, tmp_path, total_images=24)
    assert caught.value.subject == str(checkpoint)
    assert not [line for line in caplog.messages if "restarting" in line]


def test_a_worker_with_edited_code_is_refused(noise_store, tmp_path, monkeypatch):
    """A restarted worker would read the edited files and train something else."""
    monkeypatch.setattr("ganops.launch.launch.TrainingJob", partial(TrainingJob, code="0" * 64))
    with pytest.raises(TrainingError, match="code was edited after the training was launched"):
        launch(noise_store, tmp_path)
    assert not list(tmp_path.rglob("*.safetensors"))


def test_too_many_failures_end_the_training(noise_store, tmp_path, monkeypatch):
    monkeypatch.setattr("ganops.launch.launch.MAX_RESTARTS", 0)
    with pytest.raises(
        TrainingError,
        match=r"Workers failed 1 times; the last failure: Worker . of 2 (was killed by SIGKILL|failed with)",
    ):
        launch(noise_store, tmp_path, partial(killing_tracker, tmp_path / "written", 16))


def has_ended(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_to_the_launching_process_lets_its_workers_save(number, noise_store, tmp_path):
    """After SIGKILL the system signals the workers that their parent has died."""
    if number == signal.SIGKILL and sys.platform != "linux":
        pytest.skip("only Linux signals a process that its parent has died")
    file = tmp_path / "written"
    command = [sys.executable, launch_parts.__file__, str(noise_store.path), str(tmp_path), str(file)]
    with (tmp_path / "stderr").open("wb") as stderr, subprocess.Popen(command, stderr=stderr) as process:
        while not (file.exists() and max(Written(file).images_seen, default=0) >= 32):
            assert process.poll() is None, (tmp_path / "stderr").read_text()
            time.sleep(0.05)
        process.send_signal(number)
        code = process.wait(timeout=300)
    assert code == -number
    deadline = time.monotonic() + 120
    while not all(has_ended(pid) for pid in Written(file).pids):
        assert number == signal.SIGKILL and time.monotonic() < deadline, "a worker was left behind"
        time.sleep(0.05)
    seen = max(Written(file).images_seen)
    (folder,) = {file.parent for file in tmp_path.glob("*/*.safetensors")}
    newest = max(int(file.stem) for file in folder.glob("*.safetensors"))
    assert newest >= seen, "the iteration was finished and saved"


def test_missing_devices_are_refused_before_the_launch(noise_store, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: True)
    with pytest.raises(ConfigurationError, match=r"training\.processes: expected at most 1, one cuda device each"):
        launch(noise_store, tmp_path, device="cuda")


@pytest.mark.parametrize("launcher", ["elastic", "ray"])
def test_several_processes_on_mps_are_refused(launcher, noise_store, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    with pytest.raises(ConfigurationError, match=r"training\.processes: expected 1 with training\.device=mps"):
        launch(noise_store, tmp_path, device="mps", launcher=launcher)


def test_launching_from_a_thread_gives_the_same_training(whole, noise_store, tmp_path):
    """As Kedro's ThreadRunner and notebooks do; signal handlers cannot be set there."""
    with ThreadPoolExecutor() as threads:
        outputs = threads.submit(launch, noise_store, tmp_path).result()
    assert equal(outputs.state, whole[0].state)


def test_an_indivisible_batch_is_refused(noise_store, tmp_path):
    with pytest.raises(ConfigurationError, match="a divisor of the batch of 8"):
        launch(noise_store, tmp_path, processes=3)
