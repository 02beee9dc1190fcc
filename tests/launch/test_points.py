"""A training of points, from their source to the bundle."""

from contextlib import nullcontext
from pathlib import Path

import pytest
import torch

from ganops.bundle import Bundle
from ganops.data.preparation import prepare
from ganops.data.sources.gaussians import gaussians_25
from ganops.data.store import Store
from ganops.games.request import LatentRequest
from ganops.launch.launch import launch_training, sample_spec

from .. import parameters as of_base
from ..parameters import points, training
from ..training.conftest import ListTracker


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    path = tmp_path_factory.mktemp("points") / "store"
    prepare(gaussians_25(), of_base.data_preparation(limit=1_000))[0].write(path)
    return Store.open(path)


def test_sample_spec_of_points_has_their_dimension(store: Store) -> None:
    spec = sample_spec(store)
    assert spec == points(2, 25)


@pytest.mark.parametrize("conditional, classes", [(True, 25), (False, 0)])
def test_the_bundle_generates_points(store: Store, tmp_path: Path, conditional: bool, classes: int) -> None:
    tracker = ListTracker()
    sizes = {
        "base_channels": 8,
        "batch": 16,
        "total_images": 64,
        "threads": 1,
        "device": "cpu",
        "conditional": conditional,
    }
    parameters = training(**sizes)
    outputs = launch_training(
        store, parameters, checkpoints=tmp_path, open_tracker=lambda: nullcontext(tracker), show_settings=len
    )
    outputs.bundle.save(tmp_path / "bundle")
    bundle = Bundle.load(tmp_path / "bundle")
    assert len(bundle.classes) == classes
    points = bundle.generate(LatentRequest(n=70, seed=3))
    assert (points.values.shape, points.values.dtype) == ((70, 2), torch.float32)
    assert (points.labels is not None) == conditional
    (_, _, samples, field), *_ = tracker.pictures
    assert (samples.shape, samples.dtype, field) == ((1_000, 2), torch.float32, "point")
