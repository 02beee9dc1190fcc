"""The same workers on a local Ray. Ray is an extra: where it is not installed, what is tested is that this is said."""

import importlib.util
import os
import sys
from functools import partial

import pytest
import torch
from launch_parts import Heard, writing_progress, writing_where_mlflow_is

from ganops.config import TrainingParameters
from ganops.errors import CheckpointError, ConfigurationError
from ganops.launch.launch import launch_training
from ganops.launch.worker import SILENT_TRACKER

SIZES = {"recipe": "r3gan", "width": 4, "batch": 8, "total_images": 48, "latent_dimension": 5, "threads": 1}
TWO = {**SIZES, "device": "cpu", "precision": "fp32", "checkpoint_every_images": 24, "processes": 2}

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed: ganops[ray]")


def launch(store, folder, open_progress=writing_progress, **overrides):
    parameters = TrainingParameters(**{**TWO, **overrides})
    progress = partial(open_progress, folder / "heard")
    return launch_training(store, parameters, folder, SILENT_TRACKER, progress, print, len)


def test_where_ray_is_missing_the_error_says_how_to_install_it(noise_store, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigurationError, match=r"training\.launcher: .*pip install 'ganops\[ray\]'"):
        launch(noise_store, tmp_path, launcher="ray")


@pytest.fixture
def local_ray(monkeypatch):
    """Of two cores, whatever the machine has; workers wait for one another asleep."""
    ray = pytest.importorskip("ray")

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    path = os.pathsep.join(filter(None, sys.path))  # launch_parts.py is found by it
    workers = {"env_vars": {"PYTHONPATH": path}}
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False, runtime_env=workers)
    yield
    ray.shutdown()


@needs_ray
def test_two_workers_of_ray_leave_what_two_of_torch_elastic_do(local_ray, noise_store, tmp_path):
    (tmp_path / "ray").mkdir()
    (tmp_path / "elastic").mkdir()
    settings, ours, _, curves, _, _ = launch(noise_store, tmp_path / "ray", launcher="ray")
    _, theirs, _, their_curves, _, _ = launch(noise_store, tmp_path / "elastic")
    assert (settings["launcher"], settings["processes"]) == ("ray", 2)
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert curves.to_csv() == their_curves.to_csv()
    assert list((tmp_path / "ray").glob("ray*")) == [], "of Ray's own notes nothing is left"
    heard = Heard(tmp_path / "ray" / "heard")
    assert heard.images_seen == list(range(0, 49, 8)) and len(set(heard.pids)) == 1


@needs_ray
def test_an_error_of_a_worker_of_ray_is_raised_as_it_is(local_ray, noise_store, tmp_path):
    launch(noise_store, tmp_path, processes=1)
    checkpoint = max(tmp_path.glob("*/*.safetensors"))
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="expected a whole training state") as caught:
        launch(noise_store, tmp_path, launcher="ray")
    assert caught.value.subject == str(checkpoint)


@needs_ray
def test_where_mlflow_is_reaches_the_workers_of_a_ray_that_already_runs(local_ray, noise_store, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://elsewhere:1")
    launch(noise_store, tmp_path, writing_where_mlflow_is, launcher="ray", total_images=8)
    assert (tmp_path / "heard").read_text() == "http://elsewhere:1"
