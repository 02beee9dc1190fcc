"""What every game keeps, whatever its networks and losses are. A new recipe is tested here without a new line."""

import copy
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from functools import cached_property

import jsonschema
import pytest
import torch
from pydantic import ValidationError

from ganops.bundle import Bundle, BundleData
from ganops.bundle_description import request_schema
from ganops.data.encodings import decode
from ganops.errors import RequestError
from ganops.games.build import build_game
from ganops.games.game import Game
from ganops.games.recipes import RECIPES
from ganops.games.request import GenerationRequest
from ganops.noise import Noise
from ganops.reporting.views import FIELD_VIEWS
from ganops.sampling import CHUNK, Sampler
from ganops.training.distributed import SINGLE_PROCESS
from ganops.training.schedules import loss_weights
from ganops.training.state import TrainingState
from ganops.training.step import Step, train_iteration
from ganops.training_settings import Settings

from ..parameters import images, points, resolve_settings
from ..training.helpers import ListTracker, Stripes, equal, train, with_class

SIZES = {"base_channels": 4, "batch": 8, "total_images": 80, "precision": "fp32", "checkpoint_every_images": 24}
CLASSES = ("ant", "bee", "cat")
# Case → recipe, samples, and overrides.
CASES = {recipe: (recipe, images(1, 12, 9, 3), {}) for recipe in sorted(RECIPES)} | {
    "colour": ("r3gan", images(3, 16, 12), {"precision": "bf16"}),
    "points": ("r3gan", points(2, 3), {}),
    "adapted augmentation": ("dcgan", images(1, 12, 9, 3), {"probability": 0.5, "target": 0.6}),
    "three updates": ("sngan", images(1, 12, 9), {"discriminator_steps": 3}),
}


def sizes(recipe):
    return {**SIZES, "latent_dimension": 5} if hasattr(RECIPES[recipe].game, "latent_dimension") else SIZES


class Examples:
    """Batches of noise, addressed by position, with every field."""

    def __init__(self, spec):
        self.spec = spec

    def batch(self, first, count):
        spec, noise = self.spec, Noise(9, first, count)
        fields = {
            "image": 2 * noise.uniform("image", (spec.channels, *spec.size)) - 1,
            "point": noise.normal("point", (spec.channels,)),
        }
        labels = {"label": noise.integers("label", spec.classes)} if spec.classes else {}
        return {spec.field: fields[spec.field], **labels}


@dataclass(frozen=True)
class Case:
    settings: Settings
    game: Game
    batches: Examples

    def state(self, game=None):
        return TrainingState.initial(self.settings, game or self.game)

    def iterate(self, state, iterations, game=None):
        for _ in range(iterations):
            train_iteration(game or self.game, state, self.settings, self.batches)

    def sampler(self, state):
        return Sampler(self.game, state.ema, self.frequencies, torch.device("cpu"), 1)

    @property
    def frequencies(self):
        classes = self.settings.sample.classes
        return (1 / classes,) * classes if classes else ()

    def conditions(self, count):
        """Conditions of samples, without labels, which the sampler draws."""
        batch = self.batches.batch(1000, count)
        return {name: batch[name] for name in self.game.conditions if name != "label"}

    @cached_property
    def trained(self):
        """A state after one iteration, so that statistics and moments are there; for reading only."""
        state = self.state()
        self.iterate(state, 1)
        return state


@pytest.fixture(scope="module", params=CASES)
def case(request):
    recipe, spec, overrides = CASES[request.param]
    settings = resolve_settings(recipe, spec, **{**sizes(recipe), **overrides})
    return Case(settings, build_game(settings), Examples(settings.sample))


@pytest.fixture(scope="module")
def bundle(case, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle")
    data = BundleData(
        settings=case.settings,
        networks=case.trained.ema,
        classes=CLASSES[: case.settings.sample.classes],
        class_frequencies=case.frequencies,
        fingerprint="0f" * 16,
        store_sha256="5d" * 32,
    )
    data.save(path / "bundle")
    data.save(path / "again")
    return Bundle.load(path / "bundle")


def weights_and_buffers(state):
    return {
        name: {key: value.clone() for key, value in net.state_dict().items()} for name, net in state.networks.items()
    }


def test_an_update_changes_the_networks_of_its_player_alone(case):
    """Weights and the statistics of normalizations alike; and the others have no gradient."""
    state = case.state()
    step = Step(case.game, state, case.settings, SINGLE_PROCESS)
    for update in case.game.updates(0):
        trained = case.game.players[update.player]
        before = weights_and_buffers(state)
        step.update_player(update, case.batches.batch(0, case.settings.budget.batch))
        after = weights_and_buffers(state)
        assert {name for name in after if not equal(before[name], after[name])} == set(trained)
        frozen = [net for name, net in state.networks.items() if name not in trained]
        assert all(parameter.grad is None for net in frozen for parameter in net.parameters())


def test_clock_advances_by_the_distinct_samples_of_an_iteration(case):
    updates = case.game.updates(0)
    counted = [update.batch for update in updates if update.images]
    assert sorted(counted) == list(range(len(counted))), "each batch that counts is read once"
    assert sum(update.images for update in updates) * case.settings.budget.batch == case.settings.iteration_images
    state = case.state()
    case.iterate(state, 2)
    assert state.images_seen == 2 * case.settings.iteration_images


def test_networks_buffers_and_moments_resume_to_the_same_bytes(case):
    whole = case.state()
    case.iterate(whole, 2)
    saved = whole.state_dict()
    case.iterate(whole, 3)
    resumed = case.state()
    resumed.load_state_dict(saved)
    case.iterate(resumed, 3)
    assert equal(whole.state_dict(), resumed.state_dict())


KINDS = {RECIPES[recipe].game.kind: recipe for recipe in sorted(RECIPES, reverse=True)}
KILLED = """
    import os, signal, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    from helpers import ListTracker, Stripes, train
    from ganops.training_settings import Settings

    class Kills(Stripes):
        def batch(self, first, count):
            if first >= 56:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().batch(first, count)

    train(Settings.model_validate_json(sys.argv[3]), Kills(), "data", Path(sys.argv[2]), ListTracker())
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_process_resumes_to_the_same_bytes(kind, tmp_path, pytestconfig):
    settings = resolve_settings(KINDS[kind], images(1, 12, 9, 3), **sizes(KINDS[kind]))
    whole = train(settings, Stripes(), "data", tmp_path / "whole", ListTracker())
    helpers = pytestconfig.rootpath / "tests" / "training"
    command = [sys.executable, "-c", textwrap.dedent(KILLED), helpers, tmp_path / "killed", settings.model_dump_json()]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    tracker = ListTracker()
    resumed = train(settings, Stripes(), "data", tmp_path / "killed", tracker)
    assert tracker.tags["resumed_at_images"] == "48"
    assert equal(whole.state, resumed.state)


def compute_losses(case, player, start, stop):
    """The losses of samples start … stop − 1 of a batch; batch normalization, which couples samples, is at rest."""
    networks = {name: copy.deepcopy(network).eval() for name, network in case.trained.networks.items()}
    noise = Noise(case.settings.seed, 0, 8).rows(start, stop)
    batch = {name: values[start:stop] for name, values in case.batches.batch(0, 8).items()}
    weights = loss_weights(case.settings, 0)
    losses = case.game.losses(player, networks, batch, noise, weights, case.trained.buffers)
    return {name: values.detach() for name, values in {**losses.terms, **losses.logged}.items()}


def test_the_losses_of_two_shards_are_those_of_the_whole_batch(case):
    """So that two processes train as one does; see tests/training/test_distributed.py for the processes themselves."""
    for player in case.game.players:
        whole = compute_losses(case, player, 0, 8)
        shards = [compute_losses(case, player, *rows) for rows in ((0, 4), (4, 8))]
        for name, values in whole.items():
            both = torch.cat([shard[name] for shard in shards])
            torch.testing.assert_close(both if values.shape == both.shape else both[:1], values, rtol=1e-4, atol=1e-5)


def test_penalties_alone_are_those_within_the_losses(case):
    game, weights, noise = case.game, loss_weights(case.settings, 0), Noise(case.settings.seed, 0, 8)
    none = {name: value for name, value in weights.items() if name not in game.penalty_weights}
    batch, buffers = case.batches.batch(0, 8), case.trained.buffers
    for player in game.players:

        def call(method, weights, player=player):
            networks = copy.deepcopy(dict(case.trained.networks))
            return getattr(game, method)(player, networks, batch, noise, weights, buffers).terms

        whole, direct, alone = call("losses", weights), call("losses", none), call("penalties", weights)
        assert direct.keys() | alone.keys() == whole.keys() and not direct.keys() & alone.keys()
        for name, values in {**direct, **alone}.items():
            torch.testing.assert_close(values, whole[name], rtol=1e-4, atol=1e-5)


def record_batch_sizes(sampler):
    """Return a set to which each call of the sampler's networks adds the lengths of its tensors."""
    sizes = set()
    for network in sampler.networks.values():
        network.register_forward_pre_hook(
            lambda _, arguments: sizes.update(len(value) for value in arguments if isinstance(value, torch.Tensor))
        )
    return sizes


def test_sample_i_depends_neither_on_n_nor_on_the_batch(case):
    many, few = CHUNK + 5, 3
    conditions, sampler = case.conditions(many), case.sampler(copy.deepcopy(case.trained))
    first = {name: values[:few] for name, values in conditions.items()}
    sizes = record_batch_sizes(sampler)
    whole = sampler.generate(GenerationRequest(n=many, seed=3), conditions)
    part = sampler.generate(GenerationRequest(n=few, seed=3), first)
    assert torch.equal(whole.values[:few], part.values)
    assert whole.labels is None or torch.equal(whole.labels[:few], part.labels)
    assert sizes == {CHUNK}, "on other hardware another size rounds differently"
    stored = decode(case.game.generates, case.batches.batch(0, many)[case.game.generates])
    assert (whole.values.shape, whole.values.dtype) == (stored.shape, stored.dtype)


def accepts_by_schema(bundle, values):
    return jsonschema.Draft202012Validator(bundle.request_schema()).is_valid(values)


def accepts(case, bundle, values):
    try:
        request = case.game.request.model_validate(values)
        bundle.generate(request, case.conditions(request.n))
    except (ValidationError, RequestError):
        return False
    return True


def test_the_schema_of_requests_accepts_what_the_bundle_answers(case, bundle):
    schema = bundle.request_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema == request_schema(case.settings) and schema["additionalProperties"] is False
    least = dict.fromkeys(schema.get("required", ()), "some text")
    answered = [accepts_by_schema(bundle, {**least, **changed}) for changed in REQUESTS]
    assert answered == [accepts(case, bundle, {**least, **changed}) for changed in REQUESTS]
    assert answered[:3] == [True, True, False]


REQUESTS = [
    {},
    {"n": 1, "seed": 2**63 - 1},
    {"other": 1},
    *({"n": n} for n in (0, -1, 2, 2.5, "2", True, None, 2**20 + 1)),
    *({"seed": seed} for seed in (-1, 2**63, "7", None)),
    *({"class_label": label} for label in (None, 0, 2, 3, -1, "bee", "", 1.5, True)),
    *({"truncation": scale} for scale in (0, 0.5, 1, 1.5, -0.5, "1", None)),
]


def test_a_request_is_the_same_after_json(case):
    least = dict.fromkeys(case.game.request.model_json_schema().get("required", ()), "some text")
    request = case.game.request.model_validate({**least, "n": 1, "seed": 12})
    assert case.game.request.model_validate_json(request.model_dump_json()) == request


def test_a_bundle_generates_what_the_averaged_networks_do(case, bundle):
    request, conditions = GenerationRequest(n=7, seed=11), case.conditions(7)
    ours, loaded = case.sampler(case.trained).generate(request, conditions), bundle.generate(request, conditions)
    assert torch.equal(ours.values, loaded.values)
    assert ours.labels is None or torch.equal(ours.labels, loaded.labels)
    for file in ("weights.safetensors", "bundle.json"):
        assert (bundle.path / file).read_bytes() == (bundle.path.parent / "again" / file).read_bytes()


def test_each_network_has_a_player_and_those_of_inference_an_average(case):
    assert set(case.trained.ema) == set(case.game.inference_networks) <= set(case.trained.networks)
    trained = {name for names in case.game.players.values() for name in names}
    assert trained == set(case.trained.networks)


def record_calls(case):
    """Return each inference network with the arguments of a call that `sample` makes."""
    networks, calls = {name: copy.deepcopy(network).eval() for name, network in case.trained.ema.items()}, {}
    for name, network in networks.items():
        network.register_forward_pre_hook(lambda _, arguments, name=name: calls.setdefault(name, arguments))
    Sampler(case.game, networks, case.frequencies, torch.device("cpu"), 1).generate(
        GenerationRequest(n=4), case.conditions(4)
    )
    return {name: (case.trained.ema[name], arguments) for name, arguments in calls.items()}


def test_an_exported_network_computes_the_same(case):
    calls = record_calls(case)
    assert calls.keys() == set(case.game.inference_networks), "each is needed"
    for network, recorded in calls.values():
        arguments = tuple(value.clone() if isinstance(value, torch.Tensor) else value for value in recorded)
        exported = torch.export.export(network, arguments).module()
        with torch.no_grad():
            torch.testing.assert_close(exported(*arguments), network(*arguments))


def counting(game):
    """Return the game with a buffer that counts the losses it has computed."""

    class Counting(type(game)):
        def buffers(self, device):
            return {**super().buffers(device), "losses/count": torch.zeros(2, device=device)}

        def losses(self, player, networks, batch, noise, weights, buffers):
            buffers["losses/count"] += 1
            return super().losses(player, networks, batch, noise, weights, buffers)

    return with_class(game, Counting)


def test_buffers_are_saved_digested_and_checked(case):
    game = counting(case.game)
    state = case.state(game)
    case.iterate(state, 2, game)
    saved = state.state_dict()
    assert saved["buffers/losses/count"].tolist() == [2.0 * len(game.updates(0))] * 2
    assert {name for name in saved if name.startswith("buffers/")} == {f"buffers/{name}" for name in state.buffers}
    restored = case.state(game)
    restored.load_state_dict(saved)
    assert restored.digest() == state.digest()
    for buffer in restored.buffers.values():
        before = restored.digest()
        buffer.add_(1)
        assert restored.digest() != before
    restored.buffers["losses/count"][1] = torch.nan
    assert restored.not_finite() == ["buffers/losses/count"]


def test_every_view_can_be_drawn(case):
    assert case.game.views and set(case.game.views) <= FIELD_VIEWS[case.game.generates].views.keys()


def test_a_game_reads_what_it_needs(case):
    read = {read.name for read in case.game.reads()}
    assert {case.game.generates, *case.game.conditions} <= read
    assert read <= case.batches.batch(0, 2).keys()
