"""What every game promises to the code that trains, samples and serves it, for every recipe of the table.

Two processes against one, with all recipes and in processes of their own: tests/training/test_distributed.py.
"""

import json
import random
import signal
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn
from torch.fx import GraphModule

from ganops.bundle import Bundle, BundleData
from ganops.data.encodings import ALL_ENCODINGS
from ganops.data.vocabulary import Vocabulary
from ganops.errors import RequestError
from ganops.evaluation.paired import Pairing
from ganops.evaluation.report import WITHOUT_FEATURES
from ganops.games.game import Game, Losses, LossWeights, Update
from ganops.games.request import GenerationRequest
from ganops.networks.build import build_networks
from ganops.noise import Noise
from ganops.reporting.views import FIELD_VIEWS
from ganops.sampling import CHUNK, Sampler
from ganops.torch_private import BatchNorm
from ganops.training.distributed import SINGLE_PROCESS
from ganops.training.schedules import loss_weights
from ganops.training.state import TrainingState
from ganops.training.step import Step, train_iteration
from ganops.training_settings import Settings

from ..training.helpers import (
    ListTracker,
    SendsSignal,
    Stopped,
    StopsAt,
    equal,
    hooked,
    run_until_signal,
    train,
    training_game,
)
from .cases import CASES, KINDS, FieldBatches, case_settings, conditions


@pytest.fixture(params=CASES)
def settings(request: pytest.FixtureRequest) -> Settings:
    return case_settings(request.param)


@pytest.fixture
def game(settings: Settings) -> Game:
    return training_game(settings)


@pytest.fixture
def batches(game: Game, settings: Settings) -> FieldBatches:
    return FieldBatches(game, settings.sample)


def copy_state(network: nn.Module) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in network.state_dict().items()}


# What a game says of itself.


def test_settings_name_the_metrics_of_the_game(game: Game, settings: Settings) -> None:
    pairing = Pairing.of(game)
    assert set(settings.game.paired_metrics) == set(pairing.metrics if pairing else ())


def test_scores_are_no_metrics_of_features(game: Game) -> None:
    assert set(game.scores) <= set(WITHOUT_FEATURES)


def test_players_own_every_network_once(game: Game, settings: Settings) -> None:
    owned = [name for names in game.players.values() for name in names]
    assert sorted(owned) == sorted(build_networks(settings))
    assert set(game.inference_networks) <= set(owned)


def test_conditions_are_read_and_views_exist(game: Game) -> None:
    assert set(game.conditions) <= {read.name for read in game.reads()}
    assert set(game.views) <= FIELD_VIEWS[game.generates].views.keys()


def test_every_player_is_updated_and_the_clock_advances_by_the_images_of_an_iteration(
    game: Game, settings: Settings, batches: FieldBatches
) -> None:
    """In the first iteration and in the last: a player may begin later than the others."""
    last = settings.budget.total_images - settings.iteration_images
    assert {update.player for seen in (0, last) for update in game.updates(seen)} == set(game.players)
    for seen in (0, last):
        state = TrainingState.initial(settings, game)
        state.images_seen = seen
        train_iteration(game, state, settings, batches)
        shown = settings.budget.batch * sum(update.images for update in game.updates(seen))
        assert shown == state.images_seen - seen == settings.iteration_images > 0


# Training.


def test_an_update_leaves_all_other_networks_unchanged(game: Game, settings: Settings, batches: FieldBatches) -> None:
    """Bit for bit, statistics of normalizations among them."""
    state = TrainingState.initial(settings, game)
    for player, trained in game.players.items():
        before = {name: copy_state(network) for name, network in state.networks.items()}
        Step(game, state, settings, SINGLE_PROCESS, logs=False).update_player(
            Update(player, 0, 0, 1), batches.batch(0, 8)
        )
        for name, network in state.networks.items():
            assert equal(before[name], copy_state(network)) == (name not in trained), name
        frozen = [p for name, n in state.networks.items() if name not in trained for p in n.parameters()]
        assert all(parameter.grad is None for parameter in frozen)


def has_batch_norm(networks: Mapping[str, nn.Module]) -> bool:
    return any(isinstance(module, BatchNorm) for network in networks.values() for module in network.modules())


SHARDED = [case for case in CASES if not has_batch_norm(build_networks(case_settings(case)))]


@pytest.mark.parametrize("case", SHARDED)
def test_losses_of_two_shards_join_to_those_of_the_batch(case: str) -> None:
    settings = case_settings(case, precision="fp32")
    game = training_game(settings)
    batches, weights = FieldBatches(game, settings.sample), loss_weights(settings, 0)
    # Without statistics of a batch and without iterations of spectral norms, which each pass advances.
    networks = {name: network.eval() for name, network in build_networks(settings).items()}

    def losses(player: str, first: int, count: int) -> Mapping[str, Tensor]:
        buffers, noise = game.buffers(torch.device("cpu")), Noise(settings.seed, first, count)
        return game.losses(player, networks, batches.batch(first, count), noise, weights, buffers).terms

    for player in game.players:
        whole, shards = losses(player, 0, 8), [losses(player, first, 4) for first in (0, 4)]
        for name, values in whole.items():
            torch.testing.assert_close(torch.cat([shard[name] for shard in shards]), values, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_penalties_alone_are_those_within_the_losses(case: str) -> None:
    settings = case_settings(case, precision="fp32")
    game = training_game(settings)
    batches, weights = FieldBatches(game, settings.sample), loss_weights(settings, 0)
    direct = {name: value for name, value in weights.items() if name not in game.penalty_weights}
    networks = {name: network.eval() for name, network in build_networks(settings).items()}

    def compute(losses: Callable[..., Losses], player: str, weights: LossWeights) -> dict[str, Tensor]:
        buffers, noise = game.buffers(torch.device("cpu")), Noise(settings.seed, 0, 8)
        return losses(player, networks, batches.batch(0, 8), noise, weights, buffers).terms

    for player in game.players:
        whole, without, alone = (
            compute(game.losses, player, weights),
            compute(game.losses, player, direct),
            compute(game.penalties, player, weights),
        )
        assert without.keys() | alone.keys() == whole.keys() and not without.keys() & alone.keys()
        for name, values in {**without, **alone}.items():
            torch.testing.assert_close(values, whole[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("case", CASES)
def test_a_stopped_training_resumes_to_the_same_bytes(case: str, precision: str, tmp_path: Path) -> None:
    settings = case_settings(case, checkpoint_every_images=24, precision=precision)
    batches, tracker = FieldBatches(training_game(settings), settings.sample), ListTracker()
    whole = train(settings, batches, "data", tmp_path / "whole", tracker)
    with pytest.raises(Stopped):
        train(settings, StopsAt(batches, 64), "data", tmp_path / "stopped", tracker)
    resumed = train(settings, batches, "data", tmp_path / "stopped", tracker)
    assert tracker.tags["resumed_at_images"] == ("40" if settings.iteration_images == 40 else "48")
    assert equal(whole.state, resumed.state)
    assert whole.curves.to_csv() == resumed.curves.to_csv()
    assert whole.digests.to_csv() == resumed.digests.to_csv()


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_training_resumes_to_the_same_bytes(kind: str, tmp_path: Path) -> None:
    settings = case_settings(KINDS[kind], checkpoint_every_images=24)
    batches, tracker = FieldBatches(training_game(settings), settings.sample), ListTracker()
    whole = train(settings, batches, "data", tmp_path / "whole", tracker)
    iterations = settings.budget.total_images // settings.iteration_images
    at = settings.iteration_images * random.Random(kind).randrange((iterations + 1) // 2, iterations)
    killed = SendsSignal(batches, at, signal.SIGKILL)
    run_until_signal(signal.SIGKILL, lambda: train(settings, killed, "data", tmp_path / "killed", tracker))
    (folder,) = (tmp_path / "killed").iterdir()
    assert max(int(file.stem) for file in folder.glob("*.safetensors")) <= at
    resumed = train(settings, batches, "data", tmp_path / "killed", tracker)
    assert equal(whole.state, resumed.state)
    assert whole.curves.to_csv() == resumed.curves.to_csv()


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_whose_weights_are_spoilt_rolls_back_and_ends(kind: str, tmp_path: Path) -> None:
    settings = case_settings(KINDS[kind], total_images=160, checkpoint_every_images=16, precision="fp32")
    game, tracker = training_game(settings), ListTracker()

    def spoil(networks: Mapping[str, nn.Module], images_seen: int, attempt: int) -> None:
        if attempt == 0 and images_seen >= 88:
            next(networks[game.inference_networks[0]].parameters()).data.fill_(torch.nan)

    result = train(settings, FieldBatches(game, settings.sample), "data", tmp_path, tracker, hooked(game, spoil))
    assert "not finite" in tracker.tags["failed_attempt.0"], tracker.tags
    assert result.curves["attempt"].tolist()[-1] == 1
    assert result.curves["images_seen"].is_monotonic_increasing and result.curves["images_seen"].iloc[-1] >= 160
    assert all(values.isfinite().all() for values in result.state.values() if values.is_floating_point())


BUFFERED = [case for case in CASES if training_game(case_settings(case)).buffers(torch.device("cpu"))]


@pytest.mark.parametrize("case", BUFFERED)
def test_buffers_are_saved_digested_and_checked(case: str) -> None:
    settings = case_settings(case)
    state = TrainingState.initial(settings, training_game(settings))
    assert state.not_finite() == []
    for name, buffer in state.buffers.items():
        before = state.digest()
        buffer.add_(1)
        assert state.digest() != before
        assert torch.equal(state.state_dict()[f"buffers/{name}"], buffer)
        if buffer.is_floating_point():
            buffer.view(-1)[0] = torch.nan
            assert state.not_finite() == [f"buffers/{name}"]
            buffer.zero_()


# Sampling.


@pytest.fixture
def networks(settings: Settings) -> dict[str, nn.Module]:
    return {name: network.eval() for name, network in build_networks(settings).items()}


@pytest.fixture
def sampler(game: Game, settings: Settings, networks: Mapping[str, nn.Module]) -> Sampler:
    chosen = {name: networks[name] for name in game.inference_networks}
    return Sampler(game, chosen, (0.5, 0.0, 0.5), torch.device("cpu"), settings.runtime.threads)


def draw(game: Game, settings: Settings, count: int, seed: int = 0) -> dict[str, Tensor]:
    """Return inputs of samples, with the conditions of the first samples."""
    request = GenerationRequest(n=count, seed=seed)
    return game.draw_inputs(request, Noise(seed, 0, count), conditions(game, settings.sample, count))


def test_sample_i_depends_neither_on_their_number_nor_on_the_chunk(sampler: Sampler, settings: Settings) -> None:
    game, count = sampler.game, 2 * CHUNK + 5
    known = conditions(game, settings.sample, count)
    many = sampler.generate(GenerationRequest(n=count, seed=3), known)
    few = sampler.generate(GenerationRequest(n=3, seed=3), {name: values[:3] for name, values in known.items()})
    assert many.values.shape[0] == count and torch.equal(many.values[:3], few.values)
    assert equal(labels(many.labels, 3), labels(few.labels, 3))
    inputs = draw(game, settings, count)
    later = sampler.sample({name: values[CHUNK : CHUNK + 3] for name, values in inputs.items()})
    assert torch.equal(sampler.sample(inputs)[CHUNK : CHUNK + 3], later)


def test_every_network_receives_chunks_of_one_size(sampler: Sampler, settings: Settings) -> None:
    """On other hardware another size rounds differently, so that sample i would depend on n."""
    lengths: set[int] = set()
    for network in sampler.networks.values():
        network.register_forward_pre_hook(
            lambda _, arguments: lengths.update(len(value) for value in arguments if isinstance(value, Tensor))
        )
    sampler.sample(draw(sampler.game, settings, CHUNK + 3))
    assert lengths == {CHUNK}


def test_samples_for_the_probe_have_the_form_of_real_ones(sampler: Sampler, settings: Settings) -> None:
    game = sampler.game
    real = FieldBatches(game, settings.sample).batch(0, 5)[game.generates]
    generated = sampler.sample_represented(draw(game, settings, 5))
    assert generated.shape == game.represent(real).shape


def labels(values: Tensor | None, count: int) -> dict[str, Tensor]:
    return {} if values is None else {"label": values[:count]}


def test_another_seed_gives_other_samples_where_noise_is_drawn(sampler: Sampler, settings: Settings) -> None:
    left, right = (draw(sampler.game, settings, 8, seed) for seed in (1, 2))
    assert equal(left, draw(sampler.game, settings, 8, 1))
    assert torch.equal(sampler.sample(left), sampler.sample(right)) == equal(left, right)


def record_calls(
    game: Game, settings: Settings, networks: Mapping[str, nn.Module], scores: bool = False
) -> list[tuple[nn.Module, tuple[Any, ...]]]:
    """Each call of a network while the game samples, or scores too, with its inference networks alone."""
    calls: list[tuple[nn.Module, tuple[Any, ...]]] = []
    chosen = {name: networks[name] for name in game.inference_networks}
    hooks = [
        network.register_forward_pre_hook(lambda module, arguments: calls.append((module, arguments)))
        for network in networks.values()
    ]
    with torch.no_grad():
        game.sample(chosen, draw(game, settings, 4))
        if scores:
            game.score(chosen, FieldBatches(game, settings.sample).batch(0, 4))
    for hook in hooks:
        hook.remove()
    return calls


def test_samples_and_scores_need_exactly_the_inference_networks(
    game: Game, settings: Settings, networks: Mapping[str, nn.Module]
) -> None:
    called = {id(network) for network, _ in record_calls(game, settings, networks, scores=True)}
    assert {name for name, network in networks.items() if id(network) in called} == set(game.inference_networks)


def test_an_exported_inference_network_gives_the_same_outputs(
    game: Game, settings: Settings, networks: Mapping[str, nn.Module]
) -> None:
    """With the arguments that the game passes to it."""
    for network, arguments in record_calls(game, settings, networks):
        with torch.no_grad():
            exported = torch.export.export(network, arguments).module()
            torch.testing.assert_close(exported(*arguments), network(*arguments))


def test_no_module_has_a_name_that_torch_takes_for_a_traced_module(networks: Mapping[str, nn.Module]) -> None:
    used = {part for network in networks.values() for path, _ in network.named_modules() for part in path.split(".")}
    assert {part for part in used if part and hasattr(GraphModule, part)} == set()


# The bundle.


def bundle_data(settings: Settings, networks: Mapping[str, nn.Module]) -> BundleData:
    game = training_game(settings)
    classes = ("cat", "dog", "owl")[: settings.sample.classes]
    shares = (0.5, 0.25, 0.25)[: settings.sample.classes]
    words = ("", *map(str, range(1, settings.sample.channels)))
    vocabulary = Vocabulary(tokens="words", entries=words) if game.generates == "tokens" else None
    chosen = {name: networks[name] for name in game.inference_networks}
    return BundleData(settings, chosen, classes, shares, "0f" * 16, "5d" * 32, vocabulary)


def test_a_loaded_bundle_gives_the_same_samples(
    sampler: Sampler, settings: Settings, networks: Mapping[str, nn.Module], tmp_path: Path
) -> None:
    bundle_data(settings, networks).save(tmp_path / "bundle")
    request, known = GenerationRequest(n=7, seed=11), conditions(sampler.game, settings.sample, 7)
    loaded = Bundle.load(tmp_path / "bundle").generate(request, known)
    assert torch.equal(loaded.values, sampler.generate(request, known).values)


def test_a_bundle_states_the_encodings_of_samples_and_conditions(
    game: Game, settings: Settings, networks: Mapping[str, nn.Module], tmp_path: Path
) -> None:
    bundle_data(settings, networks).save(tmp_path / "bundle")
    stated = json.loads((tmp_path / "bundle" / "bundle.json").read_text())["encodings"]
    fields = {game.generates, *game.conditions, *game.optional_conditions}
    assert stated == {field: ALL_ENCODINGS[field].name for field in fields}


def test_equal_contents_give_equal_bytes_and_replace_what_was_there(
    settings: Settings, networks: Mapping[str, nn.Module], tmp_path: Path
) -> None:
    for name in ("one", "two", "two"):
        bundle_data(settings, networks).save(tmp_path / name)
    for file in ("weights.safetensors", "bundle.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


# Values of each key that requests may have, of every game; valid where the generator has the key (and knows classes).
VALID: dict[str, list[Any]] = {
    "n": [1, 2, 2**20],
    "seed": [0, 2**63 - 1],
    "class_label": [None, 0, 2, "2", "owl"],
    "truncation": [1, 1.0, 0.01],
    "seconds": [None, 1, 0.001],
    "temperature": [1, 0.5, 100],
    "prompt": [None, "the"],
}
INVALID: dict[str, list[Any]] = {
    "n": [0, -1, 2**20 + 1, True, "3", None, 1.5, [1]],
    "seed": [-1, 2**63, False, "7", None],
    "class_label": [-1, 3, True, "", "x" * 1001, 0.5, [0]],
    "truncation": [0, -0.5, 1.01, "1", None, True],
    "seconds": [0, -1, 3601, "1", True],
    "temperature": [0, -1, 101, "1", None, True],
    "prompt": ["", 7, ["the"], "a" * 100_001],
    "colour": ["red", None],
}


def requests(values: Mapping[str, Iterable[Any]]) -> list[dict[str, Any]]:
    return [{key: value} for key, each in values.items() for value in each]


def accepts_type(bundle: Bundle, request: dict[str, Any]) -> bool:
    """Whether the bundle answers the request; of its samples one is enough."""
    game = bundle.generator.game
    try:
        parsed = game.request.model_validate(request)
        known = {
            name: values for name, values in conditions(game, bundle.settings.sample, 1).items() if name != "label"
        }
        bundle.generate(parsed.model_copy(update={"n": 1}), known)
    except (ValidationError, RequestError):
        return False
    return True


@pytest.mark.parametrize("conditional", [None, False])
@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_accepts_exactly_what_the_bundle_answers(
    kind: str, conditional: bool | None, tmp_path: Path
) -> None:
    settings = case_settings(KINDS[kind], conditional=conditional)
    bundle_data(settings, build_networks(settings)).save(tmp_path)
    bundle = Bundle.load(tmp_path)
    schema = jsonschema.Draft202012Validator(bundle.request_schema())
    fields = bundle.generator.game.request.model_fields
    required = {name: "some text" for name, field in fields.items() if field.is_required()}
    assert schema.is_valid(required)
    for request in [{}, *requests(VALID), *requests(INVALID)]:
        for whole in (request, {**required, **request}):
            assert schema.is_valid(whole) == accepts_type(bundle, whole), whole
    answered = [request for request in requests(VALID) if schema.is_valid(request)]
    asked = requests({key: VALID[key] for key in VALID.keys() & fields.keys()})
    knows_classes = "class_label" not in fields or settings.sample.classes > 0
    if not required and knows_classes:
        assert len(answered) == len(asked)
    assert not any(schema.is_valid(request) for request in requests(INVALID))
