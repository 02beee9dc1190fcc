from contextlib import nullcontext

import pytest
import torch

from ganops.data.preparation import prepare
from ganops.data.store import Store
from ganops.launch.launch import launch_training, sample_spec
from ganops.launch.worker import NO_TRACKER

from ..data.conftest import PARAMETERS, constant, source_of
from ..parameters import images, training
from ..training.conftest import ListTracker

SIZES = {"base_channels": 4, "batch": 8, "total_images": 16, "latent_dimension": 5, "threads": 1, "device": "cpu"}


@pytest.fixture
def store(tmp_path) -> Store:
    """Pictures that are dark on the left and bright on the right."""
    pictures = [constant(i, 12, 9) for i in range(40)]
    for picture in pictures:
        picture[:, 5:] += 200
    prepare(source_of(pictures, [0] * 30 + [1] * 10, ("a", "b")), PARAMETERS)[0].write(tmp_path / "store")
    return Store.open(tmp_path / "store")


def launch(store, folder, open_tracker=NO_TRACKER, show_settings=len, **overrides):
    return launch_training(
        store,
        training(**{**SIZES, **overrides}),
        checkpoints=folder,
        open_tracker=open_tracker,
        show_settings=show_settings,
    )


def test_sample_spec_is_the_stores(store):
    spec = sample_spec(store)
    assert spec == images(1, 12, 9, 2, input_channels=0)


def test_outputs_agree_with_settings_and_store(store, tmp_path):
    tracker, rows = ListTracker(), []
    outputs = launch(store, tmp_path, lambda: nullcontext(tracker), rows.extend)
    settings = outputs.settings
    assert (settings.sample.image_height, settings.sample.classes, settings.budget.batch) == (12, 2, 8)
    clocks = int(outputs.state["clock/images_seen"]), outputs.curves["images_seen"].iloc[-1]
    assert clocks == (16, 16) and outputs.digests["images_seen"].iloc[-1] == 16
    assert outputs.bundle.classes == ("a", "b")
    assert outputs.bundle.class_frequencies == pytest.approx(store.class_frequencies("train").tolist())
    assert tracker.starts == [(0, 16)]
    derived = {row.key: row.value for row in rows}
    assert derived["training.learning_rate"].end == 0.002
    assert "training.batch" not in derived, "it was set, not derived"


def test_mirroring_changes_the_training_data(store, tmp_path):
    plain = launch(store, tmp_path / "plain")
    mirrored = launch(store, tmp_path / "mirrored", mirror=True)
    name = "networks/discriminator/head.linear.weight"
    assert mirrored.settings.mirror and not torch.equal(plain.state[name], mirrored.state[name])


def test_a_store_without_validation_split_disables_the_probe(store, tmp_path, caplog, monkeypatch):
    indices = Store.indices
    monkeypatch.setattr(Store, "indices", lambda self, split: indices(self, split)[: split != "validation" and None])
    outputs = launch(store, tmp_path)
    assert any(line.startswith("No validation split: mode-collapse and overfitting") for line in caplog.messages)
    assert not [name for name in outputs.curves.columns if "diversity" in name]
