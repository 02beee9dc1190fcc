"""The rules on curves, the probe's measurements, and each kind of failing training with its rollback."""

import logging
import math
import statistics
from pathlib import Path

import pytest
import torch

from ganops.errors import TrainingError
from ganops.games.recipes import RECIPES
from ganops.sampling import CHUNK
from ganops.training.distributed import SINGLE_PROCESS
from ganops.training.health import Rule, check_health, rules, signals
from ganops.training.probe import DISTANCE, SAMPLES, Probe, ProbeData, feature_variances
from ganops.training.state import TrainingState
from ganops.training.step import train_iteration

from ..games.cases import FieldBatches
from .conftest import ListTracker, Stripes, tiny_settings
from .helpers import Stopped, equal, hooked, train, training_game, with_class

GAP = Rule("gap", "above", 10.0, 3, "apart", "Try less")
NAN = math.nan


def is_fatal(rule, *values, images_seen=0):
    return bool(check_health([rule], {rule.curve: [float(value) for value in values]}, images_seen).fatal)


def test_a_rule_breaks_after_its_patience():
    assert not is_fatal(GAP, 1, 11, 12)
    assert is_fatal(GAP, 1, 11, 12, 13)
    assert not is_fatal(GAP, 11, 12, 10, 13, 14), "the streak was broken"
    assert is_fatal(GAP, 11, NAN, 12, NAN, NAN, 13, NAN), "a point without a value does not end the streak"
    assert not is_fatal(GAP)


def test_a_violated_rule_is_unhealthy_before_it_is_fatal():
    assert check_health([GAP], {"gap": [1.0, 2.0]}, 0).healthy
    assert not check_health([GAP], {"gap": [1.0, 11.0]}, 0).healthy
    assert not check_health([GAP], {"gap": [1.0, 11.0]}, 0).fatal


def test_low_values_are_excused_at_the_start_but_not_after_a_fall():
    rule = Rule("variety", "below", 0.1, 2, "one", "Try less", grace_images=1000)
    assert not is_fatal(rule, 0.0, 0.0, 0.0, images_seen=999)
    assert not check_health([rule], {"variety": [0.0]}, 999).healthy, "no rollback to an excused start"
    assert is_fatal(rule, 0.0, 0.0, 0.0, images_seen=1000)
    assert is_fatal(rule, 0.0, 0.5, 0.0, 0.0, images_seen=10)


def test_a_curve_that_never_rose_warns_once_and_a_fall_is_fatal():
    never = Rule("within", "below", 0.1, 2, "one", "Try less", grace_images=None)
    warns = Rule("within", "below", 0.1, 2, "one", "Try less", grace_images=100, warns=True)
    times = [25.0 * number for number in range(1, 9)]
    curves = [{"images_seen": times[:count], "within": [0.0] * count} for count in range(1, 9)]
    statuses = [check_health([never, warns], curve, round(curve["images_seen"][-1])) for curve in curves]
    assert [len(status.warnings) for status in statuses] == [0, 0, 0, 0, 1, 0, 0, 0], "the second point after the grace"
    assert all(status.healthy and not status.fatal for status in statuses)
    assert not check_health([warns], {"within": [0.0, 0.0, NAN]}, 100).warnings, "it was reported before"
    assert is_fatal(never, 0.5, 0.0, 0.0)


def test_signals_by_hand():
    settings = tiny_settings("dcgan")
    means = {"logit/real": 2.0, "logit/fake": -1.5, "loss/discriminator": math.log(2), "gradient/generator": 6.0}
    past = {"gradient/generator": [100.0, NAN, 1.0, 3.0, 2.0, 1.0]}
    values = signals(settings, means, past)
    assert values.pop("health/discriminator_loss") == pytest.approx(0.5), "the loss of guessing is 2 log 2"
    assert values == {"health/logit_gap": 3.5, "health/gradient_generator": 6.0 / statistics.median([100, 1, 3, 2, 1])}
    assert signals(settings, means, {}).keys() == {"health/logit_gap", "health/discriminator_loss"}


def test_critic_logit_gap_is_bounded_by_the_diameter_of_the_data():
    limits = {rule.curve: rule.limit for rule in rules(tiny_settings("wgan_gp"), {})}
    corner = torch.ones(12 * 9)
    assert limits["health/logit_gap"] == pytest.approx(2 * float((corner - -corner).norm()))


@pytest.mark.parametrize(
    "recipe, named", [("wgan_gp", "gradient_penalty"), ("r3gan", "r1_gamma"), ("sngan", "r1_gamma"), ("vae", "")]
)
def test_remedy_names_the_penalty_in_use(recipe, named):
    remedies = {rule.remedy for rule in rules(tiny_settings(recipe), {"generator": 1})}
    for name in ("gradient_penalty", "r1_gamma"):
        assert any(f"training.game.{name}" in remedy for remedy in remedies) == (name == named)


def test_a_gradient_below_adams_epsilon_has_vanished():
    """√n · ε is the norm of a gradient that is ε everywhere."""
    (limit,) = [
        rule.limit for rule in rules(tiny_settings("vae"), {"autoencoder": 400}) if rule.curve[:8] == "gradient"
    ]
    assert limit == pytest.approx(float(torch.full((400,), 1e-8).norm()))


def test_feature_variance_is_half_the_mean_squared_distance_of_pairs():
    features, labels = torch.randn(9, 4, generator=torch.Generator().manual_seed(0)), torch.arange(9) % 3
    distances = torch.cdist(features.double(), features.double()).square()
    among_each = [distances[labels == k][:, labels == k].sum() / (3 * 2) for k in range(3)]
    total, within = feature_variances(features, labels)
    assert total == pytest.approx(float(distances.sum() / (9 * 8)) / 2, rel=1e-6)
    assert within == pytest.approx(float(sum(among_each) / 3) / 2, rel=1e-6)


def test_one_sample_per_class_has_no_variance_within():
    features = torch.eye(3).repeat(5, 1)
    total, within = feature_variances(features, torch.arange(15) % 3)
    assert total > 0 and within == 0


class Faint(Stripes):
    """Pictures of low contrast: an untrained tiny generator is as diverse."""

    def batch(self, first, count):
        batch = super().batch(first, count)
        return {**batch, "image": batch["image"] * 0.2}


class Unseen(Faint):
    """Other samples of the same data."""

    def batch(self, first, count):
        return super().batch(first + 10**6, count)


def flat(samples):
    return samples.float().flatten(1)


def probe_data(validation=None):
    return ProbeData(flat, validation or Unseen(), 500, min_interval_images=1)


def build_probe(settings, validation=None):
    return Probe(training_game(settings), settings, probe_data(validation), SINGLE_PROCESS)


class FaintNoise:
    """What the recipe's game reads, pictures of low contrast; `first` says where its positions begin."""

    def __init__(self, settings, first=0):
        self.batches, self.first = FieldBatches(training_game(settings), settings.sample), first

    def batch(self, first, count):
        batch = self.batches.batch(self.first + first, count)
        return {name: values * 0.2 if name == "image" else values for name, values in batch.items()}


def test_measuring_changes_nothing(recipe, make_settings, stripes):
    settings = make_settings(recipe)
    measured, other = (TrainingState.initial(settings, training_game(settings)) for _ in range(2))
    for state in (measured, other):
        train_iteration(training_game(settings), state, settings, stripes)
    before = measured.digest()
    values = build_probe(settings, FaintNoise(settings, 10**6)).measure(measured, stripes)
    assert measured.digest() == before
    for state in (measured, other):
        train_iteration(training_game(settings), state, settings, stripes)
    assert measured.digest() == other.digest()
    assert "health/diversity" in values
    assert ("health/diversity_within_classes" in values) == ("label" in training_game(settings).conditions)
    assert ("health/overfitting" in values) == (settings.adversarial is not None)


def test_overfitting_compares_validation_with_training_and_generated(make_settings, stripes):
    """r_v is 0 where the validation samples are the training samples, 1 where they are generated ones."""

    class Generated:
        def batch(self, first, count):
            return {**stripes.batch(first, count), "image": torch.full((count, 1, 12, 9), -0.5)}

    settings = make_settings("dcgan", probability=0.0)
    state = TrainingState.initial(settings, training_game(settings))

    class Mean(torch.nn.Module):
        def forward(self, samples, label):
            return samples.flatten(1).mean(1)

    class Grey(torch.nn.Module):
        def forward(self, latent, label):
            return torch.full((len(latent), 1, 12, 9), -0.5)

    state.networks |= {"discriminator": Mean(), "generator": Grey()}
    assert build_probe(settings, stripes).overfitting(state, stripes) == pytest.approx(0.0, abs=1e-6)
    assert build_probe(settings, Generated()).overfitting(state, stripes) == pytest.approx(1.0)


def test_real_samples_have_diversity_one(make_settings):
    settings = make_settings("dcgan")

    class Replays(torch.nn.Module):
        chunks = iter(Unseen().batch(0, SAMPLES)["image"].split(CHUNK))

        def forward(self, latent, label):
            return next(self.chunks)

    state = TrainingState.initial(settings, training_game(settings))
    state.ema["generator"] = Replays()
    values = build_probe(settings).measure(state, Stripes())
    assert values["health/diversity"] == values["health/diversity_within_classes"] == 1.0
    assert values[DISTANCE] > 0, "it is to more samples than those"


@pytest.fixture
def faint():
    return Faint()


def sabotage(settings, harm, begin, attempts=(0,)):
    """Return the game with `harm(networks)` called before each loss from `begin` images on in these attempts."""

    def hook(networks, images_seen, attempt):
        if attempt in attempts and images_seen >= begin:
            harm(networks)

    return hooked(training_game(settings), hook)


def produce_nan(networks):
    next(networks["discriminator"].parameters()).data[0] = NAN


def emit_nan(settings, begin):
    return sabotage(settings, produce_nan, begin)


def collapse(settings, begin):
    """Return a game that generates one sample for all latents and labels, from `begin` images on in attempt 0."""
    collapsed = []

    def hook(networks, images_seen, attempt):
        collapsed[:] = [True] if attempt == 0 and images_seen >= begin else []

    game = hooked(training_game(settings), hook)

    class Collapsing(type(game)):
        def sample(self, networks, *inputs):
            samples = super().sample(networks, *inputs)
            if not collapsed:
                return samples
            # The probe's samples come in several chunks, which are of one sample too.
            one = samples[:1] if samples.requires_grad else torch.zeros_like(samples[:1])
            return one.expand_as(samples)

    return with_class(game, Collapsing)


def warnings(caplog):
    """Return the messages that ask for attention; what twice the images would change is said of every training."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


LOG, PROBE = 16, 40  # images between two
HARMS = {"NaN": (emit_nan, "not finite", LOG), "collapse": (collapse, "makes one sample", 2 * PROBE)}


@pytest.mark.parametrize("kind", HARMS)
def test_a_failing_training_rolls_back_and_ends(kind, make_settings, faint, tracker, tmp_path, caplog):
    build, words, within = HARMS[kind]
    settings = make_settings("dcgan", total_images=400, checkpoint_every_images=PROBE)
    result = train(settings, faint, "data", tmp_path, tracker, build(settings, begin=200), probe_data=probe_data())
    (line,) = warnings(caplog)
    assert words in line and "Restarting from the last healthy checkpoint" in line and "attempt 1 of 3" in line
    failed_at = images_of(tracker.tags["failed_attempt.0"])
    assert 200 <= failed_at <= 200 + within + LOG
    began = int(tracker.attempts[1].tags["began_at_images"])
    assert 160 <= began <= 200 and began % PROBE == 0, "the last healthy checkpoint is as late as it can be"
    assert result.curves["images_seen"].is_monotonic_increasing, "the curves end where the rollback begins"
    assert result.curves["images_seen"].is_unique
    for table in (result.curves, result.digests):
        assert table["attempt"].tolist() == [int(seen > began) for seen in table["images_seen"]]
    assert max(seen for seen, _ in tracker.points) == failed_at
    steps = [seen for seen, _ in tracker.attempts[1].points]
    assert began < steps[0] and steps[-1] == 400 and steps == sorted(set(steps))
    assert tracker.attempts[1].starts == [(began, 400)]


def images_of(tag):
    return int(tag.rpartition(" at ")[2].split()[0])


class Bright(Faint):
    """Pictures unlike those of an untrained generator."""

    def batch(self, first, count):
        batch = super().batch(first, count)
        return {**batch, "image": batch["image"] + 0.7}


def test_a_discriminator_that_is_always_certain_fails_the_attempt(make_settings, tracker, tmp_path, caplog):
    """In attempt 0 the generator cannot learn; in attempt 1 it can."""
    settings = make_settings("dcgan", r1_gamma=0.0, probability=0.0, learning_rate=1e-2, total_images=1600)
    kept = {}

    def keep_generator(networks):
        kept.update({} if kept else {name: value.clone() for name, value in networks["generator"].state_dict().items()})
        networks["generator"].load_state_dict(kept)

    train(settings, Bright(), "data", tmp_path, tracker, sabotage(settings, keep_generator, begin=0))
    (line,) = warnings(caplog)
    assert "the discriminator is always certain" in line
    certain = [seen for seen, values in tracker.points if values["health/discriminator_loss"] < 2e-3]
    assert certain == [*range(certain[-1] - 4 * LOG, certain[-1] + 1, LOG)], "the fifth log in a row decides"


@pytest.mark.parametrize("recipe", ["dcgan", "vanilla", "r3gan", "vae", "wgan_gp"])
def test_a_learning_rate_that_is_much_too_high_fails_all_attempts(recipe, make_settings, faint, tracker, tmp_path):
    rate = 1e5 * make_settings(recipe).optimizer.learning_rate.end
    settings = make_settings(recipe, total_images=800, learning_rate=rate, attempts=2)
    message = r"failed in all 3 attempts.*attempt 0: .*attempt 1: .*attempt 2: .*learning_rate"
    with pytest.raises(TrainingError, match=message):
        train(settings, faint, "data", tmp_path, tracker, probe_data=probe_data())
    failed_at = [images_of(tracker.tags[f"failed_attempt.{attempt}"]) for attempt in range(2)]
    assert max(failed_at) <= 7 * settings.cadence.log_every_images


def test_without_restarts_a_failure_is_an_error(make_settings, faint, tracker, tmp_path):
    settings = make_settings("dcgan", attempts=0)
    with pytest.raises(TrainingError, match=r"failed in its only attempt.*not finite, at 40 images"):
        train(settings, faint, "data", tmp_path, tracker, emit_nan(settings, 40), probe_data=probe_data())
    assert not tracker.attempts


def test_without_a_checkpoint_a_restart_has_new_weights(make_settings, faint, tracker, tmp_path, caplog):
    settings, initial = make_settings("dcgan"), {}

    def hook(networks, images_seen, attempt):
        if images_seen == 0:
            initial.setdefault(attempt, next(networks["generator"].parameters()).detach().clone())
        if attempt == 0:
            produce_nan(networks)

    game = hooked(training_game(settings), hook)
    result = train(settings, faint, "data", tmp_path, tracker, game, probe_data=probe_data())
    assert (
        int(result.state["clock/attempt"]) == 1
        and "Restarting from the beginning (attempt 1 of 3)" in warnings(caplog)[0]
    )
    first, second = initial[0], initial[1]
    assert not torch.equal(first, second) and first.std() == pytest.approx(float(second.std()), rel=0.3)


def untimed(points):
    """Return the points with the names of those values that depend on no clock."""
    return [(seen, sorted(name for name in values if name[:5] not in ("speed", "time/"))) for seen, values in points]


@pytest.mark.parametrize("at", [224, 264, 304])
def test_a_stop_in_the_second_attempt_leaves_no_trace(at, make_settings, faint, tracker, tmp_path):
    settings = make_settings("dcgan", total_images=400, checkpoint_every_images=PROBE)
    whole = train(
        settings, faint, "data", tmp_path / "whole", tracker, collapse(settings, 200), probe_data=probe_data()
    )
    stopped, resumed = ListTracker(), ListTracker()

    def stop(networks, images_seen, attempt):
        if attempt == 1 and images_seen == at:
            raise Stopped

    stopping = hooked(collapse(settings, 200), stop)
    with pytest.raises(Stopped):
        train(settings, faint, "data", tmp_path / "stopped", stopped, stopping, probe_data=probe_data())
    again = train(settings, faint, "data", tmp_path / "stopped", resumed, probe_data=probe_data())
    assert equal(again.state, whole.state)
    assert again.curves.to_csv() == whole.curves.to_csv() and again.digests.to_csv() == whole.digests.to_csv()
    assert untimed(tracker.attempts[1].points) == untimed(resumed.attempts[1].points), "a new tracker receives all"
    assert resumed.tags["failed_attempt.0"] == tracker.tags["failed_attempt.0"]


@pytest.mark.parametrize("operation", range(8))
def test_a_kill_between_two_file_operations_of_a_rollback_leaves_no_trace(
    operation, make_settings, faint, tracker, tmp_path, monkeypatch
):
    """Each replace and unlink, from the first file of the new attempt on, is the one before which the process dies."""
    settings = make_settings("dcgan", total_images=320, checkpoint_every_images=PROBE)
    whole = train(
        settings, faint, "data", tmp_path / "whole", tracker, collapse(settings, 200), probe_data=probe_data()
    )
    done, killed = [], tmp_path / "killed"

    def dying(method):
        def call(path, *others, **options):
            if done or Path(*others[:1] or [path]).name.startswith("attempt-1-"):
                if len(done) == operation:
                    raise Stopped
                done.append(path)
            return method(path, *others, **options)

        return call

    with monkeypatch.context() as patch:
        for name in ("replace", "unlink"):
            patch.setattr(Path, name, dying(getattr(Path, name)))
        with pytest.raises(Stopped):
            train(settings, faint, "data", killed, tracker, collapse(settings, 200), probe_data=probe_data())
    again = train(settings, faint, "data", killed, tracker, collapse(settings, 200), probe_data=probe_data())
    assert equal(again.state, whole.state) and again.curves.to_csv() == whole.curves.to_csv()
    (folder,) = killed.iterdir()
    assert len(list(folder.glob("*.safetensors"))) <= 3
    assert equal(again.snapshots, whole.snapshots)


def test_a_healthy_training_of_each_recipe_has_no_issue(recipe, make_settings, tmp_path, caplog):
    assert set(RECIPES) >= {"dcgan", "vanilla", "r3gan", "vae", "wgan_gp", "sngan", "autoencoder_gan"}
    tracker = ListTracker()
    settings = make_settings(recipe, total_images=800, log_every_images=16, checkpoint_every_images=80)
    unseen = probe_data(FaintNoise(settings, 10**6))
    train(settings, FaintNoise(settings), "data", tmp_path, tracker, probe_data=unseen)
    assert warnings(caplog) == [] and not tracker.attempts
