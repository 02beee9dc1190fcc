from contextlib import nullcontext

import pytest
import torch

from ganops.config import TrainingParameters
from ganops.data.preparation import prepare
from ganops.data.store import Store
from ganops.games.resolve import Derivation
from ganops.launch.launch import launch_training, sample_spec

from ..data.conftest import PARAMETERS, constant, source_of
from ..training.conftest import ListTracker

SIZES = {"width": 4, "batch": 8, "total_images": 16, "latent_dimension": 5, "threads": 1, "device": "cpu"}


@pytest.fixture
def store(tmp_path) -> Store:
    """Pictures that are dark on the left and bright on the right."""
    pictures = [constant(i, 12, 9) for i in range(40)]
    for picture in pictures:
        picture[:, 5:] += 200
    prepare(source_of(pictures, [0] * 30 + [1] * 10, ("a", "b")), PARAMETERS)[0].write(tmp_path / "store")
    return Store.open(tmp_path / "store")


def launch(store, folder, **overrides):
    told, heard = [], []
    parameters = TrainingParameters(**{"recipe": "dcgan", **SIZES, **overrides})
    tracker, progress = nullcontext(ListTracker()), nullcontext(lambda *news: heard.append(news))
    launched = launch_training(store, parameters, folder, lambda: tracker, lambda: progress, told.append, told.extend)
    return launched, told, heard


def test_the_shape_of_the_data_is_the_stores(store):
    shape = sample_spec(store)
    assert (shape.channels, shape.height, shape.width, shape.classes) == (1, 12, 9, 2)
    assert shape.train_count == len(store.indices("train"))


def test_what_a_training_leaves_agrees_with_its_settings_and_its_store(store, tmp_path):
    (settings, state, contents, curves, digests, _), told, heard = launch(store, tmp_path)
    assert (settings["height"], settings["classes"], settings["batch"]) == (12, 2, 8)
    assert int(state["clock/images_seen"]) == curves["images_seen"].iloc[-1] == digests["images_seen"].iloc[-1] == 16
    assert contents.classes == ("a", "b")
    assert contents.class_frequencies == pytest.approx(store.class_frequencies("train").tolist())
    assert [(seen, total) for seen, total, _ in heard][:1] == [(0, 16)]
    derived = {row.key: row.value for row in told if isinstance(row, Derivation)}
    assert derived["training.learning_rate"] == 0.002
    assert "training.batch" not in derived, "that was said, not derived"


def test_mirroring_reaches_the_pictures_that_are_shown(store, tmp_path):
    (_, plain, *_), _, _ = launch(store, tmp_path / "plain")
    (settings, mirrored, *_), _, _ = launch(store, tmp_path / "mirrored", mirror=True)
    assert settings["mirror"]
    assert not torch.equal(
        plain["networks/discriminator/head.linear.weight"], mirrored["networks/discriminator/head.linear.weight"]
    )
