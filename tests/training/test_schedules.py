import math

import pytest

from ganops.training.schedules import adam_settings, cosine, loss_weights


def rate(settings, seen, player="generator", attempt=0):
    return adam_settings(settings, player, seen, attempt).learning_rate


def test_a_linear_decay_ends_at_zero(make_settings):
    settings = make_settings("dcgan", learning_rate=0.5, learning_rate_decay="linear", total_images=80)
    assert [rate(settings, seen) for seen in (0, 20, 80)] == pytest.approx([0.5, 0.375, 0.0])


def test_without_decay_it_is_constant(make_settings):
    settings = make_settings("dcgan", learning_rate=0.5, learning_rate_decay="none")
    assert rate(settings, 79) == 0.5


def test_half_a_cosine():
    assert [cosine(3, 1, share) for share in (0, 0.5, 1, 2)] == pytest.approx([3, 2, 1, 1])
    assert cosine(3, 1, 0.25) == pytest.approx(2 + math.cos(math.pi / 4))


def test_each_ramp_moves_from_its_start_to_its_end_during_the_burn_in(make_settings):
    ends = {"learning_rate": 1e-3, "beta2": 0.99, "r1_gamma": 1.0, "r2_gamma": 2.0, "probability": 0.5}
    starts = {"learning_rate": 4e-3, "beta2": 0.9, "r1_gamma": 10.0, "r2_gamma": 20.0, "probability": 0.0}
    ramps = {key: {"start": starts[key], "end": ends[key]} for key in ends}
    settings = make_settings("dcgan", penalty_interval=1, burn_in_images=1000, total_images=5000, **ramps)
    for seen, share in ((0, 0.0), (500, 0.5), (1000, 1.0), (4000, 1.0)):
        expected = {key: starts[key] + share * (ends[key] - starts[key]) for key in ends}
        weights, adam = loss_weights(settings, seen), adam_settings(settings, "discriminator", seen)
        found = {"learning_rate": adam.learning_rate, "beta2": adam.beta2, "probability": weights["augmentation"]}
        assert found | {key: weights[key] for key in ("r1_gamma", "r2_gamma")} == pytest.approx(expected)


def test_without_a_burn_in_every_ramp_is_at_its_end(make_settings):
    settings = make_settings("dcgan", burn_in_images=0, r1_gamma={"start": 10.0, "end": 1.0})
    assert loss_weights(settings, 0)["r1_gamma"] == 1.0


def test_a_game_without_a_discriminator_has_no_loss_weights(make_settings):
    assert loss_weights(make_settings("vae"), 0) == {}


def test_a_lazily_regularised_player_has_the_published_rate_and_betas(make_settings):
    settings = make_settings("dcgan", penalty_interval=16, learning_rate=0.5, beta1=0.5, beta2=0.99)
    lazy, other = adam_settings(settings, "discriminator", 0), adam_settings(settings, "generator", 0)
    share = 16 / 17
    found = (lazy.learning_rate, lazy.beta1, lazy.beta2)
    assert found == pytest.approx((0.5 * share, 0.5**share, 0.99**share))
    assert (other.learning_rate, other.beta1, other.beta2) == (0.5, 0.5, 0.99)


def test_a_player_without_penalties_takes_no_lazy_steps_and_keeps_its_rate(make_settings):
    settings = make_settings("dcgan", penalty_interval=16, learning_rate=0.5, beta1=0.5, r1_gamma=0.0)
    assert adam_settings(settings, "discriminator", 0) == adam_settings(settings, "generator", 0)


def test_each_attempt_is_gentler_than_the_one_before(make_settings):
    settings = make_settings("dcgan", learning_rate=0.5, r1_gamma=1.0, r2_gamma=3.0)
    assert [rate(settings, 0, attempt=attempt) for attempt in range(3)] == [0.5, 0.25, 0.125]
    weights = loss_weights(settings, 0, 2)
    assert (weights["r1_gamma"], weights["r2_gamma"]) == (4.0, 12.0)
