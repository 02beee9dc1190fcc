import copy

import pytest
import torch

from ganops.games.game import Update
from ganops.noise import Noise
from ganops.training.distributed import SINGLE_PROCESS
from ganops.training.ema import exponent
from ganops.training.schedules import loss_weights
from ganops.training.state import TrainingState
from ganops.training.step import Step, train_iteration, without_penalties

from .helpers import training_game


def update_player(game, state, settings, player, batch, index=0):
    """Update one player; `index` counts the batches before."""
    state.images_before = index * settings.budget.batch
    return Step(game, state, settings, SINGLE_PROCESS, logs=True).update_player(Update(player, 0, 0, 1), batch)


def test_an_iteration_returns_the_means_of_the_losses_before_each_update(recipe, make_settings, stripes):
    """Of the first player, whose losses nothing has changed before."""
    settings = make_settings(recipe, precision="fp32")
    game = training_game(settings)
    state, untouched = TrainingState.initial(settings, game), TrainingState.initial(settings, game)
    scalars = train_iteration(game, state, settings, stripes)
    assert state.images_seen == settings.iteration_images
    assert all(value.shape == () and not value.requires_grad for value in scalars.values())
    player = next(iter(game.players))
    if [update.player for update in game.updates(0)].count(player) == 1:
        noise, weights = Noise(settings.seed, 0, 8), loss_weights(settings, 0)
        if settings.adversarial and settings.adversarial.penalty_interval > 1:
            weights = without_penalties(game, weights)  # lazy penalties follow the update
        losses = game.losses(player, untouched.networks, stripes.batch(0, 8), noise, weights, untouched.buffers)
        for name, values in {**losses.terms, **losses.logged}.items():
            torch.testing.assert_close(scalars[name], values.detach().float().mean())


def test_the_averages_begin_with_the_first_weights_and_weigh_the_second_by_the_profile(recipe, make_settings, stripes):
    settings = make_settings(recipe, precision="fp32", relative_length=0.1)
    game = training_game(settings)
    state = TrainingState.initial(settings, game)
    weights = []
    for _ in range(2):
        train_iteration(game, state, settings, stripes)
        weights.append({name: copy.deepcopy(state.networks[name]) for name in state.ema})
    share = 0.5 ** (exponent(0.1) + 1)
    for name, average in state.ema.items():
        first, second = (list(networks[name].parameters()) for networks in weights)
        for ours, early, late in zip(average.parameters(), first, second, strict=True):
            torch.testing.assert_close(ours, (share * early + (1 - share) * late).detach())


def test_norms_of_gradients_are_computed_where_they_are_logged(make_settings, stripes):
    """After every second iteration and the last; a norm is that of the iteration's own gradient."""
    settings = make_settings("dcgan", log_every_images=16, total_images=40, precision="fp32", penalty_interval=1)
    game = training_game(settings)
    state = TrainingState.initial(settings, game)
    norms = []
    for _ in range(5):
        names = [name for name in train_iteration(game, state, settings, stripes) if name.startswith("gradient/")]
        norms.append(sorted(names))
    both = ["gradient/discriminator", "gradient/generator"]
    assert norms == [[], both, [], both, both]


def test_norm_is_that_of_the_whole_gradient(make_settings, stripes):
    settings = make_settings("dcgan", precision="fp32", penalty_interval=1)
    game = training_game(settings)
    measured, other = (TrainingState.initial(settings, game) for _ in range(2))
    norm = float(update_player(game, measured, settings, "generator", stripes.batch(0, 8))["gradient/generator"])
    networks, weights = other.networks, loss_weights(settings, 0)
    losses = game.losses("generator", networks, stripes.batch(0, 8), Noise(settings.seed, 0, 8), weights, other.buffers)
    parameters = list(networks["generator"].parameters())
    gradients = torch.autograd.grad(losses.terms["loss/generator"].mean(), parameters)
    expected = sum(float(gradient.double().square().sum()) for gradient in gradients) ** 0.5
    assert norm == pytest.approx(expected, rel=1e-5)


def test_r1_is_half_gamma_times_the_squared_gradient_of_the_logits(make_settings, stripes):
    settings = make_settings("dcgan", r1_gamma=3.0, penalty_interval=1, precision="fp32")
    game = training_game(settings)
    state = TrainingState.initial(settings, game)

    class Linear(torch.nn.Module):
        """Logits with the gradient `slope` everywhere."""

        def __init__(self):
            super().__init__()
            self.slope = torch.nn.Parameter(torch.linspace(-1, 1, 108))

        def forward(self, samples, label):
            return samples.flatten(1) @ self.slope

    discriminator = Linear()
    state.networks["discriminator"] = discriminator
    state.optimizers["discriminator"] = torch.optim.Adam(discriminator.parameters())
    squared = float(discriminator.slope.detach().square().sum())
    scalars = update_player(game, state, settings, "discriminator", stripes.batch(0, 8))
    assert float(scalars["penalty/r1"]) == pytest.approx(3.0 / 2 * squared, rel=1e-5)


def test_restored_moments_have_the_strides_of_their_parameters(recipe, make_settings, stripes):
    settings = make_settings(recipe, channels_last=True)
    game = training_game(settings)
    state = TrainingState.initial(settings, game)
    train_iteration(game, state, settings, stripes)
    restored = TrainingState.initial(settings, game)
    restored.load_state_dict(state.state_dict())
    for optimizer in restored.optimizers.values():
        for parameter, moments in optimizer.state.items():
            assert moments["exp_avg"].stride() == moments["exp_avg_sq"].stride() == parameter.stride()
    assert restored.digest() == state.digest()


def test_a_lazy_penalty_is_a_step_of_its_own_after_every_kth_update(make_settings, stripes):
    settings = make_settings("dcgan", penalty_interval=4, precision="fp32")
    game = training_game(settings)
    states = [TrainingState.initial(settings, game) for _ in range(2)]
    for state, number in zip(states, (3, 4), strict=True):
        scalars = update_player(game, state, settings, "discriminator", stripes.batch(0, 8), number)
        assert ("penalty/r1" in scalars) == (number == 4)
    steps = [state.optimizers["discriminator"].state_dict()["state"][0]["step"].item() for state in states]
    assert steps == [1.0, 2.0]
    assert states[0].digest() != states[1].digest()


def test_augmentation_adapts_after_every_fourth_update(make_settings, stripes):
    settings = make_settings("dcgan", target=0.6, probability=0.5, total_images=80)
    game = training_game(settings)
    state = TrainingState.initial(settings, game)
    probabilities = [
        train_iteration(game, state, settings, stripes)["augmentation/probability"].item() for _ in range(9)
    ]
    assert len(set(probabilities[:4])) == len(set(probabilities[4:8])) == 1
    steps = {abs(probabilities[4] - probabilities[3]), abs(probabilities[8] - probabilities[7])}
    assert max(steps) < 4 * 8 / 500_000 * 1.01 and min(steps) > 0
