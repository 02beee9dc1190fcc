"""Two processes against one at the same global batch: every process computes its shard of the same noise and data."""

import shutil

import pandas as pd
import pytest
import torch
import torch.multiprocessing as mp

from ganops.data.encodings import encode_images
from ganops.games.build import build_game
from ganops.games.recipes import RECIPES
from ganops.networks.build import build_networks
from ganops.noise import Noise
from ganops.torch_private import BatchNorm
from ganops.training.checkpoint import fingerprint
from ganops.training.distributed import Distributed
from ganops.training.tracker import NullTracker

from ..games.cases import FieldBatches
from ..parameters import points, resolve_settings
from .conftest import ListTracker, tiny_settings
from .helpers import Stopped, StopsAt, assert_close, train

# No bf16: rounding would be visible, see `helpers`.
SHORT = {"precision": "fp32", "checkpoint_every_images": 24, "total_images": 48}
FREE = {"recipe": "r3gan", "r1_gamma": 0.0, "r2_gamma": 0.0, "probability": 0.0}
SIZES = {"base_channels": 16, "batch": 8, "latent_dimension": 5, "log_every_images": 16, "threads": 1}
VARIATIONS = {
    "r1": {**FREE, "r1_gamma": 1.0},
    "r2": {**FREE, "r2_gamma": 1.0},
    "gradient penalty": {**FREE, "objective": "wasserstein", "gradient_penalty": 10.0},
    "lazy": {**FREE, "r1_gamma": 1.0, "r2_gamma": 1.0, "penalty_interval": 2},
    "three updates": {**FREE, "objective": "hinge", "discriminator_steps": 3},
    "least squares": {**FREE, "objective": "least_squares"},
    "minimax": {**FREE, "objective": "minimax"},
    # Not the hinge: of small logits its gradients of reals and fakes cancel, and Adam makes steps of what is rounding.
    "points, spectral norm": {**FREE, "objective": "least_squares", "spectral_norm": True},
    "diffaugment": {**FREE, "probability": 1.0, "policy": "diffaugment"},
    "ada": {
        **FREE,
        "objective": "non_saturating",
        "probability": 0.5,
        "policy": "diffaugment",
        "target": 0.6,
    },
}


class Pixels:
    """Batches of uniform noise, each sample addressed by its own position."""

    def batch(self, first, count):
        pixels = Noise(0, first, count).integers("pixels", 256, (1, 12, 9)).to(torch.uint8)
        return {"image": encode_images(pixels), "label": torch.arange(first, first + count) % 3}


class Ring:
    """Batches of points, addressed by position."""

    def batch(self, first, count):
        angle = torch.arange(first, first + count).float()
        return {"point": torch.stack([angle.cos(), angle.sin()], 1)}


def settings_for(name):
    overrides = {**SHORT, **VARIATIONS.get(name, {"recipe": name})}
    if "points" not in name:
        return tiny_settings(**overrides)
    return resolve_settings(sample=points(2), **{**SIZES, **overrides})


def batches_for(name):
    if name in RECIPES:
        settings = settings_for(name)
        return FieldBatches(build_game(settings), settings.sample)
    return Ring() if "points" in name else Pixels()


def has_batch_norm(recipe):
    networks = build_networks(settings_for(recipe))
    return any(isinstance(m, BatchNorm) for net in networks.values() for m in net.modules())


NORMALISED = [recipe for recipe in sorted(RECIPES) if has_batch_norm(recipe)]
# Rounding shows in single weights of fastcut and cyclegan, whose rectified maps are normalised over few pixels: that
# their losses of a sample do not depend on the others, and that both processes hold the same weights, is tested.
ROUNDED = ["cyclegan", "fastcut"]
EQUAL = [*sorted({*RECIPES} - {*NORMALISED, *ROUNDED}), *VARIATIONS]
ALL = [*NORMALISED, *ROUNDED, *EQUAL]


def train_all(rank, folder, jobs):
    """Train every game in one of two processes, each from the last checkpoint in its folder."""
    torch.distributed.init_process_group("gloo", f"file://{folder / 'group'}", rank=rank, world_size=2)
    for name, checkpoints in jobs:
        result = train(
            settings_for(name),
            batches_for(name),
            "data",
            checkpoints,
            NullTracker(),
            distributed=Distributed(rank, 2, 2),
        )
        torch.save((result.state, result.curves.to_dict()), folder / f"{name} {checkpoints.name} {rank}.pt")
    torch.distributed.destroy_process_group()


class Pair:
    """What two processes leave of each training."""

    def __init__(self, folder):
        self.folder = folder

    def state(self, name, rank=0, group="two"):
        return torch.load(self.folder / f"{name} {group} {rank}.pt")


@pytest.fixture(scope="session")
def alone(tmp_path_factory):
    """Every training in one process."""
    folder = tmp_path_factory.mktemp("alone")

    def run(name):
        return train(settings_for(name), batches_for(name), "data", folder / name, NullTracker())

    return {name: run(name) for name in EQUAL}


@pytest.fixture(scope="session")
def pair(tmp_path_factory):
    """Every training in two processes; those that one process began are in `begun`."""
    folder = tmp_path_factory.mktemp("pair")
    jobs = [(name, folder / "two") for name in ALL]
    for name in RESUMED:
        train_half(name, folder / "begun")
        jobs.append((name, folder / "begun"))
    mp.start_processes(train_all, (folder, jobs), nprocs=2, start_method="fork")
    return Pair(folder)


def test_the_pool_of_two_processes_is_that_of_one(pair, tmp_path):
    """Up to rounding, and in the same order: a picture elsewhere would be another one."""
    (ours, _), alone = (
        pair.state("cyclegan"),
        train(settings_for("cyclegan"), batches_for("cyclegan"), "data", tmp_path, NullTracker()).state,
    )
    for key in ("buffers/pool/pictures", "buffers/inverse_pool/pictures"):
        assert (ours[key] - alone[key]).abs().mean() < 0.005 < 0.1 < ours[key].std()
    assert torch.equal(ours["buffers/pool/count"], alone["buffers/pool/count"])


RESUMED = ("r3gan", "ada")


def train_half(name, folder):
    """Leave the checkpoint at 24 images of one process."""
    with pytest.raises(Stopped):
        train(settings_for(name), StopsAt(batches_for(name), 40), "data", folder, NullTracker())


@pytest.mark.parametrize("name", EQUAL)
def test_two_processes_train_like_one(name, alone, pair):
    ours, curves = pair.state(name)
    assert_close(ours, alone[name].state)
    theirs = alone[name].curves
    assert "gradient/generator" in theirs.columns and any(column.startswith("loss/") for column in theirs.columns)
    pd.testing.assert_frame_equal(pd.DataFrame(curves), theirs, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", ALL)
def test_both_processes_hold_the_same_weights(name, pair):
    """Except for the running statistics of a batch normalisation, which each process has of its own shard."""
    (ours, curves), (theirs, their_curves) = pair.state(name, 0), pair.state(name, 1)
    own = [key for key in ours if "running_" in key or key.startswith("digests")]
    assert bool([key for key in own if "running_" in key]) == (name in NORMALISED)
    assert all(torch.equal(ours[key], theirs[key]) for key in ours if key not in own)
    # As frames, in which a missing value is equal to itself: a lazy penalty has none in a window without its update.
    pd.testing.assert_frame_equal(pd.DataFrame(curves), pd.DataFrame(their_curves), check_exact=True)


@pytest.mark.parametrize("name", RESUMED)
def test_two_processes_resume_from_the_checkpoint_of_one(name, alone, pair):
    assert_close(pair.state(name, group="begun")[0], alone[name].state)


@pytest.mark.parametrize("name", RESUMED)
def test_one_process_resumes_from_the_checkpoint_of_two(name, alone, pair, tmp_path):
    """From the one before the last, which is not copied."""
    key = fingerprint(settings_for(name), "data")
    newest, before = sorted((pair.folder / "two" / key).glob("*.safetensors"), reverse=True)
    assert int(before.stem) < int(newest.stem)
    (tmp_path / key).mkdir()
    shutil.copy(before, tmp_path / key)
    assert_close(train(settings_for(name), batches_for(name), "data", tmp_path, NullTracker()).state, alone[name].state)


class Poisoned(Pixels):
    """NaN from sample 40 on; the samples of the next attempt, at other positions, are sound."""

    def batch(self, first, count):
        batch = super().batch(first, count)
        return {**batch, "image": batch["image"] * (torch.nan if 40 <= first < 2**40 else 1.0)}


# The log at 48 images lies between the checkpoint at 24, to which the training rolls back, and the one at 72.
FAILS_ONCE = {"recipe": "r3gan", **SHORT, "total_images": 96}


def fail_once(rank, folder):
    """Train in one of two processes, each with a tracker of its own."""
    torch.distributed.init_process_group("gloo", f"file://{folder / 'group'}", rank=rank, world_size=2)
    tracker = ListTracker()
    result = train(
        tiny_settings(**FAILS_ONCE), Poisoned(), "data", folder / "two", tracker, distributed=Distributed(rank, 2, 2)
    )
    torch.save((result.state, tracker.tags), folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()


def test_two_processes_roll_back_together(tmp_path):
    mp.start_processes(fail_once, (tmp_path,), nprocs=2, start_method="fork")
    (ours, tags), (theirs, other_tags) = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    own = [key for key in ours if key.startswith("digests/sha256")]
    assert all(torch.equal(ours[key], theirs[key]) for key in ours if key not in own)
    assert int(ours["clock/attempt"]) == 1 and int(ours["clock/images_seen"]) == 96
    assert "not finite, at 48 images" in tags["failed_attempt.0"] and other_tags == {}
    tracker = ListTracker()
    single = train(tiny_settings(**FAILS_ONCE), Poisoned(), "data", tmp_path / "one", tracker)
    assert_close(ours, single.state)
    assert tracker.attempts[1].tags["began_at_images"] == "24"
    for curve in ("images_seen", "attempt"):
        assert torch.equal(ours[f"curves/{curve}"], single.state[f"curves/{curve}"])


def test_shards_are_equal_parts_without_gap():
    assert [Distributed(rank, 4).shard(20) for rank in range(4)] == [(0, 5), (5, 5), (10, 5), (15, 5)]


@pytest.mark.parametrize("threads, local, part", [(8, 2, 4), (7, 2, 3), (2, 1, 2), (1, 4, 1)])
def test_processes_share_the_threads_of_a_machine(threads, local, part):
    assert Distributed(0, local, local).threads(threads) == part
