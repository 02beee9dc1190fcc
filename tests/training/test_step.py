import torch

from ganops.games.build import build_game
from ganops.noise import Noise
from ganops.training.state import TrainingState
from ganops.training.step import move, train_iteration


def bytes_of(network):
    return {key: value.clone() for key, value in network.state_dict().items()}


def same(left, right):
    return all(torch.equal(left[key], right[key]) for key in left)


def test_a_move_leaves_the_bytes_of_all_other_networks_untouched(recipe, make_settings, stripes):
    settings = make_settings(recipe)
    game = build_game(settings)
    state = TrainingState.initial(settings, game)
    for player, moving in game.players.items():
        before = {name: bytes_of(network) for name, network in state.networks.items()}
        move(game, player, state, settings, stripes.batch(0, 8), Noise(0, 0, 8))
        for name, network in state.networks.items():
            assert same(before[name], bytes_of(network)) == (name not in moving), name
        frozen = [p for name, n in state.networks.items() if name not in moving for p in n.parameters()]
        assert all(parameter.grad is None for parameter in frozen)


def test_a_round_gives_detached_means_of_every_loss_and_moves_the_clock(recipe, make_settings, stripes):
    settings = make_settings(recipe)
    game = build_game(settings)
    state = TrainingState.initial(settings, game)
    scalars = train_iteration(game, state, settings, stripes)
    assert state.images_seen == settings.round_images
    assert scalars and all(value.shape == () and not value.requires_grad for value in scalars.values())
    assert all(torch.isfinite(value) for value in scalars.values())


def test_r1_is_part_of_the_discriminators_move(make_settings, stripes):
    settings = make_settings("dcgan", r1_gamma=1.0, precision="fp32")
    game = build_game(settings)
    state = TrainingState.initial(settings, game)
    assert move(game, "discriminator", state, settings, stripes.batch(0, 8), Noise(0, 0, 8))["penalty/r1"] > 0


def test_every_state_tensor_has_its_parameters_strides_after_a_restore(recipe, make_settings, stripes):
    settings = make_settings(recipe, channels_last=True)
    game = build_game(settings)
    state = TrainingState.initial(settings, game)
    train_iteration(game, state, settings, stripes)
    restored = TrainingState.initial(settings, game)
    restored.load_state_dict(state.state_dict())
    for optimizer in restored.optimizers.values():
        for parameter, moments in optimizer.state.items():
            assert moments["exp_avg"].stride() == moments["exp_avg_sq"].stride() == parameter.stride()
    assert restored.digest() == state.digest()


def test_a_lazy_penalty_is_a_step_of_its_own_k_times_as_strong_after_every_kth_move(make_settings, stripes):
    settings = make_settings("dcgan", penalty_every_moves=4, precision="fp32")
    game = build_game(settings)
    states = [TrainingState.initial(settings, game) for _ in range(2)]
    for state, number in zip(states, (3, 4), strict=True):
        batch, noise = stripes.batch(0, 8), Noise(0, 0, 8)
        scalars = move(game, "discriminator", state, settings, batch, noise, number=number)
        assert ("penalty/r1" in scalars) == (number == 4)
    steps = [state.optimizers["discriminator"].state_dict()["state"][0]["step"].item() for state in states]
    assert steps == [1.0, 2.0]
    assert states[0].digest() != states[1].digest()


def test_augmentation_adapts_after_every_fourth_move(make_settings, stripes):
    settings = make_settings("dcgan", augmentation_target=0.6, augmentation=0.5, total_images=80)
    game = build_game(settings)
    state = TrainingState.initial(settings, game)
    probabilities = [
        train_iteration(game, state, settings, stripes)["augmentation/probability"].item() for _ in range(9)
    ]
    assert len(set(probabilities[:4])) == len(set(probabilities[4:8])) == 1
    steps = {abs(probabilities[4] - probabilities[3]), abs(probabilities[8] - probabilities[7])}
    assert max(steps) < 4 * 8 / 500_000 * 1.01 and min(steps) > 0
