"""The benchmarks compare what they say that they compare."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ganops.config import LatentGanSettings
from ganops.games.build import build_game
from ganops.noise import Noise
from ganops.training.state import TrainingState
from ganops.training.step import train_iteration
from ganops.training_settings import Settings

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.mark.parametrize("name", ["loop", "tutorial", "flops", "memory", "gpu", "sngan", "other_programs", "layers"])
def test_help_states_how_to_run_each_script(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = importlib.import_module(name)
    monkeypatch.setattr(sys, "argv", [f"{name}.py", "--help"])
    with pytest.raises(SystemExit) as left:
        script.main()
    assert left.value.code == 0
    assert f"python benchmarks/{name}.py" in capsys.readouterr().out


def test_ratio_is_the_mean_with_its_t_interval() -> None:
    mean, half = importlib.import_module("side_by_side").ratio([2.0, 4.0, 6.0], [1.0, 2.0, 2.0])
    assert mean == pytest.approx(7 / 3)
    # t(0.975, 2) = 4.302653, s = 1 / √3, n = 3
    assert half == pytest.approx(4.302653 / 3, rel=1e-6)


def test_operations_are_those_of_forward_and_backward() -> None:
    weight = torch.randn(5, 4, requires_grad=True)
    count = importlib.import_module("flops").operations(lambda: (torch.randn(3, 5) @ weight).sum().backward())
    assert count == 2 * (2 * 3 * 5 * 4), "one product forward, and one for the weight's gradient"


@pytest.mark.parametrize("recipe", ["dcgan", "r3gan"])
def test_the_bare_loop_trains_the_same_weights(recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, shared = importlib.import_module("loop"), importlib.import_module("side_by_side")
    overrides = {"runtime.precision": "fp32", "game.augmentation.probability": 0.0, "base_channels": 4, "batch": 8}
    settings = shared.resolve_settings(recipe, (1, 12, 12), 1, 3, **overrides)
    pictures = torch.randint(0, 256, (64, 1, 12, 12), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    labels = torch.arange(64) % 3
    bare = loop.Bare(settings, pictures, labels)
    bare.order = torch.arange(64)
    game, state = build_game(settings), TrainingState.initial(settings, build_game(settings))
    for _ in range(2):
        train_iteration(game, state, settings, _InOrder(pictures, labels))
    drawn = iter(_latents(settings))
    monkeypatch.setattr(torch, "randn", lambda *shape: next(drawn))
    bare.run(2)
    for name, network in (("generator", bare.generator), ("discriminator", bare.discriminator)):
        for theirs, ours in zip(network.parameters(), state.networks[name].parameters(), strict=True):
            torch.testing.assert_close(theirs, ours, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("program", ["dcgan", "fastgan"])
def test_other_programs_train_and_write_samples(program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other, synthetic = importlib.import_module("other_programs"), importlib.import_module("synthetic")
    monkeypatch.setattr(other, "WIDTH", 4)
    built = other.PROGRAMS[program](seed=0)
    before = {name: value.clone() for name, value in built.sampler.state_dict().items()}
    for first in (0, 8):
        built.train_iteration(torch.rand(8, 3, 64, 64), first)
    assert any(not value.equal(before[name]) for name, value in built.sampler.state_dict().items())
    synthetic.random_store(tmp_path / "store", 100, (3, 64, 64), 1)
    arguments = [
        program,
        str(tmp_path / "store"),
        "--seconds",
        "0.01",
        "--n",
        "3",
        "--to",
        str(tmp_path / "to"),
        "--threads",
        "1",
    ]
    monkeypatch.setattr(sys, "argv", ["other_programs.py", *arguments])
    other.main()
    assert len(list((tmp_path / "to").glob("*.png"))) == 3


class _InOrder:
    def __init__(self, pictures: Tensor, labels: Tensor) -> None:
        self.pictures, self.labels = pictures, labels

    def batch(self, first: int, count: int) -> dict[str, Tensor]:
        rows = slice(first, first + count)
        return {"image": self.pictures[rows].float() / 127.5 - 1, "label": self.labels[rows]}


def _latents(settings: Settings) -> Iterator[Tensor]:
    assert isinstance(settings.game, LatentGanSettings)
    for start in (0, settings.budget.batch):
        for player in ("discriminator", "generator"):
            yield Noise(settings.seed, start, settings.budget.batch).normal(
                f"latent/{player}", (settings.game.latent_dimension,)
            )


@pytest.mark.parametrize("step", ["modulate", "gates"])
def test_both_forms_of_a_step_compute_the_same(step: str) -> None:
    layers, maps = importlib.import_module("layers"), torch.randn(3, 8, 5, 6)
    if step == "modulate":
        values = torch.randn(3, 16)
        torch.testing.assert_close(layers.modulate_broadcasting(maps, values), layers.modulate(maps, values))
    else:
        torch.testing.assert_close(layers.apply_gates_to_views(maps), layers.apply_gates(maps))
