"""training.continue_from: a new training starts from the state of a finished one."""

import pytest
import torch
from safetensors.torch import save_file

from ganops.errors import CheckpointError
from ganops.training.checkpoint import fingerprint, read_finished

from .conftest import unscheduled
from .helpers import train


def test_two_halves_equal_the_whole_training(recipe, make_settings, stripes, tracker, tmp_path):
    """Where nothing is scheduled: the EMA and its ramp start again."""
    constant = unscheduled(recipe)
    long = make_settings(recipe, total_images=160, **constant)
    short = make_settings(recipe, total_images=80, **constant)
    whole = train(long, stripes, "data", tmp_path, tracker)
    first = train(short, stripes, "data", tmp_path, tracker)
    continued = short.model_copy(update={"continued_from": "first"})
    second = train(continued, stripes, "data", tmp_path, tracker, warm_start=first.state)
    names = [name for name in whole.state if name.startswith(("networks/", "optimizers/"))]
    assert names and all(torch.equal(whole.state[name], second.state[name]) for name in names)
    assert second.curves["images_seen"].tolist() == first.curves["images_seen"].tolist()


def test_fingerprint_covers_the_continued_state(make_settings):
    settings = make_settings("dcgan")
    continued = [settings.model_copy(update={"continued_from": digest}) for digest in ("a", "b")]
    assert len({fingerprint(each, "data") for each in (settings, *continued)}) == 3


def test_state_of_other_networks_is_refused(make_settings, stripes, tracker, tmp_path):
    small = train(make_settings("dcgan", base_channels=4), stripes, "data", tmp_path, tracker)
    with pytest.raises(CheckpointError, match=r"networks/generator/.* where float32 .* is wanted"):
        train(
            make_settings("dcgan", base_channels=8), stripes, "data", tmp_path / "new", tracker, warm_start=small.state
        )


def test_damaged_or_missing_file_is_refused(make_settings, stripes, tracker, tmp_path):
    state = train(make_settings("dcgan"), stripes, "data", tmp_path, tracker).state
    file = tmp_path / "training_state.safetensors"
    save_file(state, file)
    digest, tensors = read_finished(file)
    assert len(digest) == 64 and all(torch.equal(tensors[name], state[name]) for name in state)
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(CheckpointError, match=r"continue_from.*training_state\.safetensors"):
        read_finished(file)
    with pytest.raises(CheckpointError, match=r"missing\.safetensors.*dvc checkout"):
        read_finished(tmp_path / "missing.safetensors")
