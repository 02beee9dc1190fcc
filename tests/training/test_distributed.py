"""Two processes against one at the same global batch: every process computes its slice of the same noise and data."""

import shutil

import pandas as pd
import pytest
import torch
import torch.multiprocessing as mp
from torch import nn

from ganops.config import TrainingParameters
from ganops.data.encodings import encode_images
from ganops.games.recipes import RECIPES
from ganops.games.resolve import Hardware, SampleSpec, resolve
from ganops.networks.build import build_networks
from ganops.noise import Noise
from ganops.training.checkpoint import fingerprint
from ganops.training.distributed import Distributed
from ganops.training.tracker import SilentTracker
from ganops.training.train import train

from .conftest import ListTracker, tiny_settings

# What differs is the order of summation; the optimizers are scale-free, and so make rounding visible: no bf16 here.
RTOL, ATOL = 2e-4, 2e-5
ROUNDS = {"precision": "fp32", "checkpoint_every_images": 24, "total_images": 48}
FREE = {"recipe": "r3gan", "r1_gamma": 0.0, "r2_gamma": 0.0, "augmentation": 0.0}
SIZES = {"width": 16, "batch": 8, "latent_dimension": 5, "log_every_images": 16, "threads": 1}
PLAYED = {
    "r1": {**FREE, "r1_gamma": 1.0},
    "r2": {**FREE, "r2_gamma": 1.0},
    "gradient penalty": {**FREE, "objective": "wasserstein", "gradient_penalty": 10.0},
    "lazy": {**FREE, "r1_gamma": 1.0, "r2_gamma": 1.0, "penalty_every_moves": 2},
    "five moves": {**FREE, "objective": "hinge", "discriminator_steps": 3},
    "least squares": {**FREE, "objective": "least_squares"},
    "minimax": {**FREE, "objective": "minimax"},
    # Not the hinge: of small logits its gradients of reals and fakes cancel, and Adam makes steps of what is rounding.
    "points, spectral norm": {**FREE, "objective": "least_squares", "spectral_norm": True},
    "diffaugment": {**FREE, "augmentation": 1.0, "augmentation_policy": "diffaugment"},
    "ada": {
        **FREE,
        "objective": "non_saturating",
        "augmentation": 0.5,
        "augmentation_policy": "diffaugment",
        "augmentation_target": 0.6,
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


def settings_of(name):
    overrides = {**ROUNDS, **PLAYED.get(name, {"recipe": name})}
    if "points" not in name:
        return tiny_settings(**overrides)
    parameters = TrainingParameters(**{**SIZES, **overrides}, device="cpu")
    return resolve(parameters, SampleSpec(2, 1, 1, 0, 100, "point"), Hardware("cpu", 1))


def batches_of(name):
    return Ring() if "points" in name else Pixels()


def normalises_batches(recipe):
    networks = build_networks(tiny_settings(recipe))
    return any(isinstance(m, nn.modules.batchnorm._BatchNorm) for net in networks.values() for m in net.modules())


NORMALISED = [recipe for recipe in sorted(RECIPES) if normalises_batches(recipe)]
EQUAL = [*sorted(set(RECIPES) - set(NORMALISED)), *PLAYED]
ALL = [*NORMALISED, *EQUAL]


def play_all(rank, folder, jobs):
    """One of two processes: every game in its turn, each from the last checkpoint in its folder."""
    torch.distributed.init_process_group("gloo", f"file://{folder / 'group'}", rank=rank, world_size=2)
    for name, checkpoints in jobs:
        result = train(
            settings_of(name), batches_of(name), "data", checkpoints, SilentTracker(), world=Distributed(rank, 2, 2)
        )
        torch.save((result.state, result.curves.to_dict()), folder / f"{name} {checkpoints.name} {rank}.pt")
    torch.distributed.destroy_process_group()


class Pair:
    """What two processes left of each game."""

    def __init__(self, folder):
        self.folder = folder

    def state(self, name, rank=0, group="two"):
        return torch.load(self.folder / f"{name} {group} {rank}.pt")


@pytest.fixture(scope="session")
def alone(tmp_path_factory):
    """What every game leaves that one process plays."""
    folder = tmp_path_factory.mktemp("alone")

    def play(name):
        return train(settings_of(name), batches_of(name), "data", folder / name, SilentTracker())

    return {name: play(name) for name in EQUAL}


@pytest.fixture(scope="session")
def pair(tmp_path_factory):
    """Two processes play all games; those that one process began are in `begun`."""
    folder = tmp_path_factory.mktemp("pair")
    jobs = [(name, folder / "two") for name in ALL]
    for name in RESUMED:
        half(name, folder / "begun")
        jobs.append((name, folder / "begun"))
    mp.start_processes(play_all, (folder, jobs), nprocs=2, start_method="fork")
    return Pair(folder)


RESUMED = ("r3gan", "ada")


class Interrupted(Exception):
    """The power is cut."""


class Until:
    def __init__(self, batches, at):
        self.batches, self.at = batches, at

    def batch(self, first, count):
        if first >= self.at:
            raise Interrupted
        return self.batches.batch(first, count)


def half(name, folder):
    """The checkpoint at 24 images that one process leaves."""
    with pytest.raises(Interrupted):
        train(settings_of(name), Until(Pixels(), 40), "data", folder, SilentTracker())


@pytest.mark.parametrize("name", EQUAL)
def test_two_processes_play_what_one_plays(name, alone, pair):
    ours, curves = pair.state(name)
    close(ours, alone[name].state)
    theirs = alone[name].curves
    assert {"loss/generator", "gradient/generator"} <= set(theirs.columns)
    pd.testing.assert_frame_equal(pd.DataFrame(curves), theirs, rtol=1e-3, atol=1e-5)


def close(ours, theirs):
    """All that training moves: weights, averages, moments, adapted augmentation."""
    assert ours.keys() == theirs.keys()
    for key in theirs:
        if key.startswith(("networks", "ema", "optimizers", "adapt", "clock")):
            torch.testing.assert_close(
                ours[key], theirs[key], rtol=RTOL, atol=ATOL, msg=lambda text, key=key: f"{key}: {text}"
            )


@pytest.mark.parametrize("name", ALL)
def test_both_processes_hold_the_same_weights_bit_for_bit(name, pair):
    """Except for the running statistics of a batch normalisation, which are the leading process's."""
    (ours, curves), (theirs, their_curves) = pair.state(name, 0), pair.state(name, 1)
    own = [key for key in ours if "running_" in key or key.startswith("digests")]
    assert bool([key for key in own if "running_" in key]) == (name in NORMALISED)
    assert all(torch.equal(ours[key], theirs[key]) for key in ours if key not in own)
    # As frames, in which a missing value is equal to itself: a lazy penalty has none in a window without its move.
    pd.testing.assert_frame_equal(pd.DataFrame(curves), pd.DataFrame(their_curves), check_exact=True)


@pytest.mark.parametrize("name", RESUMED)
def test_two_processes_go_on_from_the_checkpoint_of_one(name, alone, pair):
    close(pair.state(name, group="begun")[0], alone[name].state)


@pytest.mark.parametrize("name", RESUMED)
def test_one_process_goes_on_from_the_checkpoint_of_two(name, alone, pair, tmp_path):
    """The last checkpoint of the two is taken away: what is left is the one before."""
    key = fingerprint(settings_of(name), "data")
    newest, before = sorted((pair.folder / "two" / key).glob("*.safetensors"), reverse=True)
    assert int(before.stem) < int(newest.stem)
    (tmp_path / key).mkdir()
    shutil.copy(before, tmp_path / key)
    close(train(settings_of(name), batches_of(name), "data", tmp_path, SilentTracker()).state, alone[name].state)


class Poisoned(Pixels):
    """No numbers from sample 40 on; those of the next attempt, which lie elsewhere, are sound."""

    def batch(self, first, count):
        batch = super().batch(first, count)
        return {**batch, "image": batch["image"] * (torch.nan if 40 <= first < 2**40 else 1.0)}


# Between a checkpoint at 24 images, to which the game goes back, and one at 72 there is the log at 48.
LOST_ONCE = {"recipe": "r3gan", **ROUNDS, "total_images": 96}


def lose_once(rank, folder):
    """One of two processes, of which each is heard by a tracker of its own."""
    torch.distributed.init_process_group("gloo", f"file://{folder / 'group'}", rank=rank, world_size=2)
    tracker = ListTracker()
    world = Distributed(rank, 2, 2)
    result = train(tiny_settings(**LOST_ONCE), Poisoned(), "data", folder / "two", tracker, world=world)
    torch.save((result.state, tracker.notes), folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()


def test_two_processes_go_back_together_where_one_process_does(tmp_path):
    mp.start_processes(lose_once, (tmp_path,), nprocs=2, start_method="fork")
    (ours, notes), (theirs, unheard) = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    own = [key for key in ours if key.startswith("digests/sha256")]
    assert all(torch.equal(ours[key], theirs[key]) for key in ours if key not in own)
    assert int(ours["clock/attempt"]) == 1 and int(ours["clock/images_seen"]) == 96
    assert "not finite, at 48 images" in notes["failed_attempt.0"] and unheard == {}
    tracker = ListTracker()
    alone = train(tiny_settings(**LOST_ONCE), Poisoned(), "data", tmp_path / "one", tracker)
    close(ours, alone.state)
    assert tracker.attempts[1].notes["began_at_images"] == "24"
    for curve in ("images_seen", "attempt"):
        assert torch.equal(ours[f"curves/{curve}"], alone.state[f"curves/{curve}"])


def test_the_shares_of_a_batch_are_equal_parts_without_gap():
    assert [Distributed(rank, 4).share(20) for rank in range(4)] == [(0, 5), (5, 5), (10, 5), (15, 5)]


@pytest.mark.parametrize("threads, local, part", [(8, 2, 4), (7, 2, 3), (2, 1, 2), (1, 4, 1)])
def test_the_threads_of_a_machine_are_shared_by_its_processes(threads, local, part):
    assert Distributed(0, local, local).threads(threads) == part
