import pytest

from ganops.games.build import build_game
from ganops.training.loop import rounds
from ganops.training.state import TrainingState
from ganops.training.step import Turn, turns

D, G = "discriminator", "generator"


@pytest.mark.parametrize(
    "objective, steps, expected",
    [
        ("non_saturating", 1, [(D, 16, 16), (G, 16, 16)]),
        ("relativistic", 1, [(D, 16, 16), (G, 16, 24)]),
        ("hinge", 3, [(D, 16, 16), (D, 24, 24), (D, 32, 32), (G, 32, 32)]),
        ("relativistic", 2, [(D, 16, 16), (D, 24, 24), (G, 24, 32)]),
    ],
)
def test_each_move_has_samples_of_its_own_and_a_generator_that_compares_the_next(
    objective, steps, expected, make_settings
):
    game = build_game(make_settings("dcgan", objective=objective, discriminator_steps=steps))
    assert list(turns(game, 8, 16)) == [Turn(*turn) for turn in expected]


def test_a_round_moves_the_clock_by_all_that_the_discriminator_was_shown(make_settings, stripes):
    settings = make_settings("dcgan", discriminator_steps=3, total_images=60)
    game = build_game(settings)
    state = TrainingState.initial(settings, game)
    assert [state.images_seen for _ in rounds(game, state, settings, stripes)] == [24, 48, 72]


def test_another_attempt_is_played_on_other_noise_and_other_data(make_settings, stripes):
    settings = make_settings("dcgan")
    first = TrainingState.initial(settings, build_game(settings))
    second = TrainingState.initial(settings, build_game(settings))
    second.attempt = 1
    assert second.stream_position - first.stream_position > 10**12
    assert stripes.batch(second.stream_position, 8)["image"].shape == (8, 1, 12, 9)
