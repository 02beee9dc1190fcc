"""The iterations, and when each effect is due."""

import pytest
import torch

from ganops.noise import Noise
from ganops.training.meters import RunningMeans
from ganops.training.schedules import Every
from ganops.training.state import TrainingState
from ganops.training.trainer import Cadence, iterations

from .helpers import hooked, training_game

D, G = "discriminator", "generator"


@pytest.mark.parametrize(
    "objective, steps, expected",
    [
        ("non_saturating", 1, [(D, 0, 0, 1), (G, 0, 0, 0)]),
        ("relativistic", 1, [(D, 0, 0, 1), (G, 0, 1, 0)]),
        ("hinge", 3, [(D, 0, 0, 1), (D, 1, 1, 1), (D, 2, 2, 1), (G, 2, 2, 0)]),
        ("relativistic", 2, [(D, 0, 0, 1), (D, 1, 1, 1), (G, 1, 2, 0)]),
    ],
)
def test_each_update_has_its_own_samples_and_relativistic_generators_the_next(
    objective, steps, expected, make_settings
):
    game = training_game(make_settings("dcgan", objective=objective, discriminator_steps=steps))
    assert list(game.updates(0)) == expected


def test_clock_advances_by_the_samples_of_the_discriminator(make_settings, stripes):
    settings = make_settings("dcgan", discriminator_steps=3, total_images=60)
    game = training_game(settings)
    state = TrainingState.initial(settings, game)
    assert [state.images_seen for _ in iterations(game, state, settings, stripes)] == [24, 48, 72]


class Positions:
    """Batches that note which samples are asked for."""

    def __init__(self, batches):
        self.batches, self.asked = batches, []

    def batch(self, first, count):
        self.asked.append(range(first, first + count))
        return self.batches.batch(first, count)


def test_attempts_have_different_noise_and_data(make_settings, stripes):
    settings = make_settings("dcgan", total_images=32)
    game = training_game(settings)
    samples, latents = [], []
    for attempt in range(3):
        state, batches = TrainingState.initial(settings, game), Positions(stripes)
        state.attempt = attempt
        for _ in iterations(game, state, settings, batches):
            noise = Noise(settings.seed, state.stream_position, 8)
            latents.append(tuple(noise.normal("latent/generator", (5,)).flatten().tolist()))
        samples.append({position for positions in batches.asked for position in positions})
    assert all(len(seen) == 32 for seen in samples)
    assert not samples[0] & samples[1] and not samples[0] & samples[2] and not samples[1] & samples[2]
    assert len(set(latents)) == len(latents)


def test_noise_of_an_update_starts_at_the_position_of_its_batch(make_settings, stripes):
    settings = make_settings("dcgan", total_images=24)
    clocks = []
    game = hooked(training_game(settings), lambda networks, images_seen, attempt: clocks.append((attempt, images_seen)))
    state = TrainingState.initial(settings, game)
    state.attempt = 2
    for _ in iterations(game, state, settings, stripes):
        pass
    assert clocks == [(2, 0), (2, 0), (2, 8), (2, 8), (2, 16), (2, 16)]


def test_every_is_due_once_when_the_clock_passes_a_multiple():
    assert [Every(20).due(before, before + 8) for before in range(0, 48, 8)] == [False, False, True, False, True, False]
    assert all(Every(4).due(before, before + 8) for before in range(0, 48, 8))


def test_everything_is_due_at_the_end(make_settings):
    rare = {f"{name}_every_images": 1000 for name in ("log", "sample", "snapshot", "checkpoint")}
    cadence = Cadence.from_settings(make_settings("dcgan", **rare), 5000)
    assert not any(vars(cadence.due(64, 72)).values())
    assert all(vars(cadence.due(72, 80)).values())


@pytest.mark.parametrize("interval, times", [(0, [16, 32, 48]), (17, [32]), (33, [48])])
def test_probe_measures_at_checkpoints_at_least_its_interval_apart(interval, times, make_settings):
    settings = make_settings("dcgan", checkpoint_every_images=16, total_images=1000)
    cadence = Cadence.from_settings(settings, interval)
    due = {now: cadence.due(now - 8, now) for now in range(8, 57, 8)}
    assert [now for now, one in due.items() if one.probe] == times
    assert all(one.checkpoint for one in due.values() if one.probe)


def test_means_are_of_the_iterations_since_the_last_log():
    means = RunningMeans()
    for value in (1.0, 2.0):
        means.update({"loss": torch.tensor(value)})
    means.update({"loss": torch.tensor(6.0), "penalty": torch.tensor(4.0)})
    assert means.pop() == {"loss": 3.0, "penalty": 4.0}
    means.update({"loss": torch.tensor(5.0)})
    assert means.pop() == {"loss": 5.0}
