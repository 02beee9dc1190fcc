"""A state on disk whose numbers cannot be a training's is refused."""

import json
import math
import threading
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from ganops.errors import CheckpointError
from ganops.tensors import encode_text
from ganops.training.checkpoint import Checkpoints, read_finished
from ganops.training.distributed import Distributed
from ganops.training.state import TrainingState

from .conftest import ListTracker, Stripes, tiny_settings
from .helpers import train, training_game

SETTINGS = tiny_settings("dcgan", total_images=16)
WEIGHT = "networks/generator/first.weight"
FAILURE = {"images_seen": 8, "reason": "r", "remedy": "m", "rolled_back_to": 0}


def number(value: int) -> torch.Tensor:
    return torch.tensor(value)


DAMAGES = {
    "clock below 0": ("clock/images_seen", number(-5), "clock/images_seen = -5"),
    "clock beyond the total": ("clock/images_seen", number(24), "at most 23"),
    "clock of 2^62": ("clock/images_seen", number(2**62), "clock/images_seen = 4611686018427387904"),
    "clock of a float": ("clock/images_seen", torch.tensor(16.0), "float32"),
    "clock of two": ("clock/images_seen", torch.tensor([16, 16]), r"int64 \(2,\)"),
    "continued below 0": ("clock/images_before", number(-1), "clock/images_before"),
    "continued beyond": ("clock/images_before", number(2**62), "clock/images_before"),
    "attempt below 0": ("clock/attempt", number(-1), "clock/attempt"),
    "attempt without a failure": ("clock/attempt", number(1), "clock/failures of 0 attempts"),
    "failures beyond the attempt": ("clock/failures", encode_text(json.dumps([FAILURE])), "failures of 1 attempts"),
    "failure without a reason": ("clock/failures", encode_text("[{}]"), "clock/failures"),
    "failure with more": ("clock/failures", encode_text(json.dumps([FAILURE | {"x": 1}])), "clock/failures"),
    "failure below 0": ("clock/failures", encode_text(json.dumps([FAILURE | {"images_seen": -1}])), "clock/failures"),
    "failures deep": ("clock/failures", encode_text("[" * 10_000), "clock/failures"),
    "failures in no text": ("clock/failures", torch.tensor([255, 254], dtype=torch.uint8), "utf-8"),
    "weight that is not a number": (WEIGHT, torch.full((120, 5), math.nan), "not finite"),
    "weight in float64": (WEIGHT, torch.zeros(120, 5, dtype=torch.float64), "float64"),
    "weight of another shape": (WEIGHT, torch.zeros(5, 120), "where float32"),
    "moment of another shape": ("optimizers/generator/first.weight/exp_avg", torch.zeros(5, 120), "where float32"),
    "moment below 0": ("optimizers/generator/first.weight/exp_avg_sq", -torch.ones(120, 5), "below 0"),
    "curves of two lengths": ("curves/images_seen", torch.zeros(7, dtype=torch.int64), "curves/"),
    "curve beyond": ("curves/images_seen", torch.tensor([1e9, 2e9], dtype=torch.float64).view(torch.int64), "curves/"),
    "digests without instants": ("digests/instants", torch.zeros(0, 2, dtype=torch.int64), "digests/sha256"),
    "instants below 0": ("digests/instants", torch.full((3, 2), -1), "digests/"),
    "count without a sum": ("window_counts/x", number(1), "window"),
    "another format": ("format", number(1), "format"),
    "format of a float": ("format", torch.tensor(2.0), "float32"),
    "unknown name": ("more", number(1), "the unknown more"),
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training")
    train(SETTINGS, Stripes(), "data", folder, ListTracker())
    return max(folder.glob("*/*.safetensors"))


def initial() -> TrainingState:
    return TrainingState.initial(SETTINGS, training_game(SETTINGS))


def damaged(checkpoint: Path, folder: Path, name: str, tensor: torch.Tensor | None) -> Path:
    tensors = load_file(checkpoint)
    assert name in tensors or name in ("more", "window_counts/x"), name
    tensors |= {name: tensor} if tensor is not None else {}
    if tensor is None:
        del tensors[name]
    folder.mkdir()
    save_file(tensors, folder / checkpoint.name, {"healthy": "true"})
    return folder / checkpoint.name


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_wrong_checkpoint_is_refused_and_changes_nothing(damage: str, checkpoint: Path, tmp_path: Path) -> None:
    name, tensor, message = DAMAGES[damage]
    file = damaged(checkpoint, tmp_path / "run", name, tensor)
    state = initial()
    before = state.digest()
    with pytest.raises(CheckpointError, match=message) as caught:
        Checkpoints(file.parent).restore(state)
    assert caught.value.subject == str(file) and state.digest() == before


# A finished training may have had another total, and its unknown names are ignored.
ALLOWED = {"clock beyond the total", "unknown name"}


@pytest.mark.parametrize("damage", [damage for damage in DAMAGES if damage not in ALLOWED])
def test_a_wrong_finished_state_is_refused(damage: str, checkpoint: Path, tmp_path: Path) -> None:
    name, tensor, message = DAMAGES[damage]
    file = damaged(checkpoint, tmp_path / "run", name, tensor)
    with pytest.raises(CheckpointError, match=message):
        initial().continue_from(read_finished(file)[1])


def test_a_changed_weight_is_found_by_the_digest(checkpoint: Path, tmp_path: Path) -> None:
    weight = load_file(checkpoint)[WEIGHT]
    weight[0, 0] += 0.001
    file = damaged(checkpoint, tmp_path / "run", WEIGHT, weight)
    with pytest.raises(CheckpointError, match="another digest"):
        Checkpoints(file.parent).restore(initial())
    with pytest.raises(CheckpointError, match="another digest"):
        initial().continue_from(read_finished(file)[1])


def test_a_finished_training_of_an_earlier_format_is_refused_with_a_remedy(checkpoint: Path) -> None:
    tensors = load_file(checkpoint)
    del tensors["format"]
    with pytest.raises(CheckpointError, match=r"format 3, received format 1.*Run that training again"):
        initial().continue_from(tensors)


@pytest.mark.parametrize("name", ["clock/images_seen", "clock/failures", "digests/sha256", WEIGHT, "curves/attempt"])
def test_a_missing_tensor_is_named(name: str, checkpoint: Path, tmp_path: Path) -> None:
    file = damaged(checkpoint, tmp_path / "run", name, None)
    with pytest.raises(CheckpointError, match=f"no (curves/)?{name.removeprefix('curves/')}"):
        Checkpoints(file.parent).restore(initial())


@pytest.mark.parametrize("name", ["x.safetensors", "attempt-x-00000000000016.safetensors", f"{8:014d}.safetensors"])
def test_a_checkpoint_under_another_name_is_refused(name: str, checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(checkpoint.read_bytes())
    with pytest.raises(CheckpointError, match=name):
        Checkpoints(tmp_path).restore(initial())


def test_a_checkpoint_without_its_health_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    save_file(load_file(checkpoint), tmp_path / checkpoint.name, {"healthy": "perhaps"})
    with pytest.raises(CheckpointError, match=checkpoint.name):
        Checkpoints(tmp_path).restore_healthy(initial())


def test_a_process_that_waits_for_the_lock_reports_to_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The others would give up a process that they do not hear of for half an hour."""
    monkeypatch.setattr("ganops.training.checkpoint._LOCK_TIMEOUT_SECONDS", 0.05)
    met: list[bool] = []
    released, held = threading.Event(), threading.Event()

    class Two(Distributed):
        def any(self, flag: bool) -> bool:
            met.append(flag)
            if len(met) == 4:
                held.set()
                assert released.wait(60)
            return flag

    def hold() -> None:
        with Checkpoints(tmp_path).exclusive():
            locked.set()
            assert held.wait(60)
        released.set()

    locked = threading.Event()
    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(60)
    caplog.set_level("INFO", "ganops")
    with Checkpoints(tmp_path).exclusive(Two(0, 2, 2)):
        assert met == [True, True, True, True, False] and len(caplog.messages) == 1
    holder.join(60)
    met.clear()
    with Checkpoints(tmp_path).exclusive(Two(1, 2, 2)):
        assert met == [False], "the others wait for the first alone"
