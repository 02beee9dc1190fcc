"""The same workers on a local Ray; without Ray, which is an extra, only the error is tested."""

import importlib.util
import os
import sys
from functools import partial

import pytest
from launch_parts import Written, file_tracker, tracker_that_writes_the_mlflow_uri

from ganops.errors import CheckpointError, ConfigurationError
from ganops.launch.launch import launch_training

from ..parameters import training
from ..training.helpers import equal

SIZES = {"recipe": "r3gan", "base_channels": 4, "batch": 8, "total_images": 48, "latent_dimension": 5, "threads": 1}
TWO = {**SIZES, "device": "cpu", "precision": "fp32", "checkpoint_every_images": 24, "processes": 2}

needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed: ganops[ray]")


def launch(store, folder, open_tracker=file_tracker, **overrides):
    parameters = training(**{**TWO, **overrides})
    tracker = partial(open_tracker, folder / "written")
    return launch_training(store, parameters, checkpoints=folder, open_tracker=tracker, show_settings=len)


def test_without_ray_the_error_says_how_to_install_it(noise_store, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigurationError, match=r"training\.launcher: .*pip install 'ganops\[ray\]'"):
        launch(noise_store, tmp_path, launcher="ray")


@pytest.fixture
def local_ray(monkeypatch):
    """Return a local Ray with two cores, whatever the machine has; waiting workers sleep."""
    ray = pytest.importorskip("ray")

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    path = os.pathsep.join(filter(None, sys.path))  # launch_parts.py is found by it
    workers = {"env_vars": {"PYTHONPATH": path}}
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False, runtime_env=workers)
    yield
    ray.shutdown()


@needs_ray
def test_ray_and_torch_elastic_train_alike(local_ray, noise_store, tmp_path):
    (tmp_path / "ray").mkdir()
    (tmp_path / "elastic").mkdir()
    ray = launch(noise_store, tmp_path / "ray", launcher="ray")
    elastic = launch(noise_store, tmp_path / "elastic")
    assert (ray.settings.execution.launcher, ray.settings.execution.processes) == ("ray", 2)
    assert equal(ray.state, elastic.state) and ray.curves.to_csv() == elastic.curves.to_csv()
    assert list((tmp_path / "ray").glob("ray*")) == [], "Ray's own files are deleted"
    written = Written(tmp_path / "ray" / "written")
    assert written.images_seen == list(range(0, 49, 8)) and len(set(written.pids)) == 1


@needs_ray
def test_an_error_of_a_ray_worker_is_raised(local_ray, noise_store, tmp_path):
    launch(noise_store, tmp_path, processes=1)
    checkpoint = max(tmp_path.glob("*/*.safetensors"))
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="expected a whole training state") as caught:
        launch(noise_store, tmp_path, launcher="ray")
    assert caught.value.subject == str(checkpoint)


@needs_ray
def test_the_mlflow_uri_reaches_the_workers_of_a_running_ray(local_ray, noise_store, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://elsewhere:1")
    launch(noise_store, tmp_path, tracker_that_writes_the_mlflow_uri, launcher="ray", total_images=8)
    assert (tmp_path / "written").read_text() == "http://elsewhere:1"
