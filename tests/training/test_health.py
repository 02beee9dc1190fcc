"""The rules by themselves, on curves; what the watch measures; and a lost game of each kind, as it is seen in play."""

import math
import statistics
from pathlib import Path

import pytest
import torch

from ganops.errors import TrainingError
from ganops.games.build import build_game
from ganops.games.recipes import RECIPES
from ganops.training import loop, recovery, step
from ganops.training.distributed import SINGLE_PROCESS
from ganops.training.health import Rule, judge, rules, signals
from ganops.training.probe import Probe, ProbeData, spreads
from ganops.training.state import TrainingState
from ganops.training.train import train

from .conftest import ListTracker, Stripes, tiny_settings

GAP = Rule("gap", "above", 10.0, 3, "apart", "Try less")
NAN = math.nan


def lost(rule, *values, images_seen=0):
    return bool(judge([rule], {rule.curve: [float(value) for value in values]}, images_seen).lost)


def test_a_limit_is_passed_when_it_stays_passed():
    assert not lost(GAP, 1, 11, 12)
    assert lost(GAP, 1, 11, 12, 13)
    assert not lost(GAP, 11, 12, 10, 13, 14), "the streak was broken"
    assert lost(GAP, 11, NAN, 12, NAN, NAN, 13, NAN), "an instant without a value breaks nothing"
    assert not lost(GAP)


def test_what_is_suspicious_is_not_healthy_before_it_is_lost():
    assert judge([GAP], {"gap": [1.0, 2.0]}, 0).healthy
    assert not judge([GAP], {"gap": [1.0, 11.0]}, 0).healthy
    assert not judge([GAP], {"gap": [1.0, 11.0]}, 0).lost


def test_a_start_is_excused_but_a_fall_is_not():
    rule = Rule("variety", "below", 0.1, 2, "one", "Try less", grace=1000)
    assert not lost(rule, 0.0, 0.0, 0.0, images_seen=999)
    assert not judge([rule], {"variety": [0.0]}, 999).healthy, "an excused start is no place to go back to"
    assert lost(rule, 0.0, 0.0, 0.0, images_seen=1000)
    assert lost(rule, 0.0, 0.5, 0.0, 0.0, images_seen=10)


def test_what_never_rose_is_a_warning_once_and_what_fell_is_lost():
    never = Rule("within", "below", 0.1, 2, "one", "Try less", grace=None)
    warns = Rule("within", "below", 0.1, 2, "one", "Try less", grace=100, warns=True)
    looks = [25.0 * look for look in range(1, 9)]
    curves = [{"images_seen": looks[:count], "within": [0.0] * count} for count in range(1, 9)]
    heard = [judge([never, warns], curve, round(curve["images_seen"][-1])) for curve in curves]
    assert [len(verdict.warnings) for verdict in heard] == [0, 0, 0, 0, 1, 0, 0, 0], "the second look past the grace"
    assert all(verdict.healthy and not verdict.lost for verdict in heard)
    assert not judge([warns], {"within": [0.0, 0.0, NAN]}, 100).warnings, "it was told when it was seen"
    assert lost(never, 0.5, 0.0, 0.0)


def test_the_signals_by_hand():
    settings = tiny_settings("dcgan")
    means = {"logit/real": 2.0, "logit/fake": -1.5, "loss/discriminator": math.log(2), "gradient/generator": 6.0}
    past = {"gradient/generator": [100.0, NAN, 1.0, 3.0, 2.0, 1.0]}
    found = signals(settings, means, past)
    assert found.pop("watch/discriminator_loss") == pytest.approx(0.5), "who guesses pays 2 log 2"
    assert found == {"watch/logit_gap": 3.5, "watch/gradient_generator": 6.0 / statistics.median([100, 1, 3, 2, 1])}
    assert signals(settings, means, {}).keys() == {"watch/logit_gap", "watch/discriminator_loss"}


def test_a_critic_may_differ_by_the_diameter_of_the_data_space():
    limits = {rule.curve: rule.limit for rule in rules(tiny_settings("wgan_gp"), {})}
    corner = torch.ones(12 * 9)
    assert limits["watch/logit_gap"] == pytest.approx(2 * float((corner - -corner).norm()))


@pytest.mark.parametrize(
    "recipe, named", [("wgan_gp", "gradient_penalty"), ("r3gan", "r1_gamma"), ("sngan", "r1_gamma"), ("vae", "")]
)
def test_the_remedy_names_the_penalty_that_the_recipe_pays(recipe, named):
    remedies = {rule.remedy for rule in rules(tiny_settings(recipe), {"generator": 1})}
    for name in ("gradient_penalty", "r1_gamma"):
        assert any(f"training.{name}" in remedy for remedy in remedies) == (name == named)


def test_a_gradient_that_adam_does_not_feel_has_vanished():
    """√n · ε is the norm of a gradient that is ε everywhere."""
    (limit,) = [
        rule.limit for rule in rules(tiny_settings("vae"), {"autoencoder": 400}) if rule.curve[:8] == "gradient"
    ]
    assert limit == pytest.approx(float(torch.full((400,), 1e-8).norm()))


def test_the_spread_is_half_the_mean_squared_distance_of_pairs():
    features, labels = torch.randn(9, 4, generator=torch.Generator().manual_seed(0)), torch.arange(9) % 3
    distances = torch.cdist(features.double(), features.double()).square()
    among_each = [distances[labels == k][:, labels == k].sum() / (3 * 2) for k in range(3)]
    total, within = spreads(features, labels)
    assert total == pytest.approx(float(distances.sum() / (9 * 8)) / 2, rel=1e-6)
    assert within == pytest.approx(float(sum(among_each) / 3) / 2, rel=1e-6)


def test_one_sample_a_class_is_no_variety_within():
    features = torch.eye(3).repeat(5, 1)
    total, within = spreads(features, torch.arange(15) % 3)
    assert total > 0 and within == 0


class Faint(Stripes):
    """Of little contrast: a tiny generator has as much variety without having learned any."""

    def batch(self, first, count):
        batch = super().batch(first, count)
        return {**batch, "image": batch["image"] * 0.2}


class Unseen(Faint):
    """Other samples of the same data."""

    def batch(self, first, count):
        return super().batch(first + 10**6, count)


def flat(samples):
    return samples.float().flatten(1)


def eyes(validation=None):
    return ProbeData(flat, validation or Unseen(), least_images=1)


def observer(settings, validation=None):
    return Probe(build_game(settings), settings, eyes(validation), SINGLE_PROCESS)


def test_a_look_changes_nothing(recipe, make_settings, stripes):
    settings = make_settings(recipe)
    looked, blind = (TrainingState.initial(settings, build_game(settings)) for _ in range(2))
    for state in (looked, blind):
        step.train_iteration(build_game(settings), state, settings, stripes)
    before = looked.digest()
    seen = observer(settings).look(looked, stripes)
    assert looked.digest() == before
    for state in (looked, blind):
        step.train_iteration(build_game(settings), state, settings, stripes)
    assert looked.digest() == blind.digest()
    assert {"watch/diversity", "watch/diversity_within_classes"} <= seen.keys()
    assert ("watch/overfitting" in seen) == (settings.objective is not None)


def test_a_discriminator_that_treats_validation_as_generated_memorises(make_settings, stripes):
    """r_v is 0 where the validation samples are the training samples, 1 where they are what the generator makes."""

    class Made:
        def batch(self, first, count):
            return {**stripes.batch(first, count), "image": torch.full((count, 1, 12, 9), -0.5)}

    settings = make_settings("dcgan", augmentation=0.0)
    state = TrainingState.initial(settings, build_game(settings))

    class Mean(torch.nn.Module):
        def forward(self, samples, label, dropout):
            return samples.flatten(1).mean(1)

    class Grey(torch.nn.Module):
        def forward(self, latent, label):
            return torch.full((len(latent), 1, 12, 9), -0.5)

    state.networks |= {"discriminator": Mean(), "generator": Grey()}
    assert observer(settings, stripes).overfitting(state, stripes) == pytest.approx(0.0, abs=1e-6)
    assert observer(settings, Made()).overfitting(state, stripes) == pytest.approx(1.0)


def test_real_samples_have_the_spread_of_real_samples(make_settings):
    settings = make_settings("dcgan")

    class Replays(torch.nn.Module):
        def forward(self, latent, label):
            return Unseen().batch(0, len(latent))["image"]

    state = TrainingState.initial(settings, build_game(settings))
    state.ema["generator"] = Replays()
    seen = observer(settings).look(state, Stripes())
    assert seen["watch/diversity"] == seen["watch/diversity_within_classes"] == 1.0


@pytest.fixture
def faint():
    return Faint()


def sabotage(monkeypatch, harm, begin, attempts=(0,)):
    """From `begin` images on, `harm(state)` before each round of these attempts."""
    play = step.train_iteration

    def harmed(game, state, *others):
        if state.attempt in attempts and state.images_seen >= begin:
            harm(state)
        return play(game, state, *others)

    monkeypatch.setattr(loop, "train_iteration", harmed)


def one_picture(state):
    """Dead to its input: the same for all latents and labels."""
    for network in (state.networks["generator"], state.ema["generator"]):
        for weights in network.parameters():
            weights.data.zero_()


def not_a_number(state):
    next(state.networks["discriminator"].parameters()).data[0] = NAN


LOGS, LOOKS = 16, 40  # images between two
HARMS = {
    "values that are no numbers": (not_a_number, "not finite", LOGS),
    "one picture": (one_picture, "makes one sample", 2 * LOOKS),
}


@pytest.mark.parametrize("kind", HARMS)
def test_a_lost_game_goes_back_and_on_to_the_end(kind, make_settings, faint, tracker, tmp_path, monkeypatch):
    harm, words, within = HARMS[kind]
    settings = make_settings("dcgan", total_images=400, checkpoint_every_images=LOOKS)
    sabotage(monkeypatch, harm, begin=200)
    heard = []
    result = train(settings, faint, "data", tmp_path, tracker, tell=heard.append, lookout=eyes())
    (line,) = heard
    assert words in line and "Attempt 1 goes on from the last healthy checkpoint" in line
    lost_at = int(tracker.notes["failed_attempt.0"].rpartition(" at ")[2].split()[0])
    assert 200 < lost_at <= 200 + within + LOGS
    began = int(tracker.attempts[1].notes["began_at_images"])
    assert 160 <= began <= 200 and began % LOOKS == 0, "the last healthy one is as young as it may be"
    assert result.curves["images_seen"].is_monotonic_increasing, "what was lost is no part of the curves"
    assert result.curves["images_seen"].is_unique
    for table in (result.curves, result.digests):
        assert table["attempt"].tolist() == [int(seen > began) for seen in table["images_seen"]]
    assert max(seen for seen, _ in tracker.points) == lost_at
    steps = [seen for seen, _ in tracker.attempts[1].points]
    assert began < steps[0] and steps[-1] == 400 and steps == sorted(set(steps))


class Bright(Faint):
    """Nothing like what an untrained generator makes."""

    def batch(self, first, count):
        batch = super().batch(first, count)
        return {**batch, "image": batch["image"] + 0.7}


def test_a_discriminator_that_wins_at_once_is_seen(make_settings, tracker, tmp_path, monkeypatch):
    """In attempt 0 nobody plays against it; in attempt 1 the generator may learn, and none is certain any more."""
    play, heard = step.train_iteration, []

    def unopposed(game, state, *others):
        kept = {name: weights.clone() for name, weights in state.networks["generator"].state_dict().items()}
        scalars = play(game, state, *others)
        if state.attempt == 0:
            state.networks["generator"].load_state_dict(kept)
        return scalars

    monkeypatch.setattr(loop, "train_iteration", unopposed)
    settings = make_settings("dcgan", r1_gamma=0.0, augmentation=0.0, learning_rate=1e-2, total_images=1600)
    train(settings, Bright(), "data", tmp_path, tracker, tell=heard.append)
    (line,) = heard
    assert "the discriminator is always certain" in line
    certain = [seen for seen, values in tracker.points if values["watch/discriminator_loss"] < 2e-3]
    assert certain == [*range(certain[-1] - 4 * LOGS, certain[-1] + 1, LOGS)], "the fifth log in a row decides"


@pytest.mark.parametrize("recipe", ["dcgan", "vanilla", "r3gan", "vae", "wgan_gp"])
def test_a_rate_that_is_much_too_high_is_seen_and_given_up(recipe, make_settings, faint, tracker, tmp_path):
    rate = 1e5 * make_settings(recipe).learning_rate
    settings = make_settings(recipe, total_images=800, learning_rate=rate, attempts=2)
    with pytest.raises(TrainingError, match=r"lost 3 times.*attempt 0: .*attempt 1: .*attempt 2: .*learning_rate"):
        train(settings, faint, "data", tmp_path, tracker, lookout=eyes())
    lost_at = [int(tracker.notes[f"failed_attempt.{attempt}"].rpartition(" at ")[2].split()[0]) for attempt in range(2)]
    assert max(lost_at) <= 7 * settings.log_every_images


def test_without_new_attempts_a_lost_game_is_an_error_at_once(make_settings, faint, tracker, tmp_path, monkeypatch):
    sabotage(monkeypatch, not_a_number, begin=40)
    with pytest.raises(TrainingError, match=r"^a game that was lost: .*not finite, at 48 images"):
        train(make_settings("dcgan", attempts=0), faint, "data", tmp_path, tracker, lookout=eyes())
    assert not tracker.attempts


def test_lost_before_any_checkpoint_a_game_begins_anew_with_other_weights(
    make_settings, faint, tracker, tmp_path, monkeypatch
):
    sabotage(monkeypatch, not_a_number, begin=0)
    settings, heard, begun = make_settings("dcgan"), [], []
    play = loop.train_iteration

    def noted(game, state, *others):
        if state.images_seen == 0:
            begun.append(next(state.networks["generator"].parameters()).detach().clone())
        return play(game, state, *others)

    monkeypatch.setattr(loop, "train_iteration", noted)
    result = train(settings, faint, "data", tmp_path, tracker, tell=heard.append, lookout=eyes())
    first, second = begun
    assert int(result.state["clock/attempt"]) == 1 and "goes on anew" in heard[0]
    assert not torch.equal(first, second) and first.std() == pytest.approx(float(second.std()), rel=0.3)


class Stopped(Exception):
    pass


def equal(left, right):
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("at", [224, 264, 304])
def test_a_stop_in_the_second_attempt_leaves_no_trace(at, make_settings, faint, tracker, tmp_path, monkeypatch):
    settings = make_settings("dcgan", total_images=400, checkpoint_every_images=LOOKS)
    sabotage(monkeypatch, one_picture, begin=200)
    whole = train(settings, faint, "data", tmp_path / "whole", tracker, lookout=eyes())
    play, stopped, resumed = loop.train_iteration, ListTracker(), ListTracker()

    def stops(game, state, *others):
        if state.attempt == 1 and state.images_seen == at:
            raise Stopped
        return play(game, state, *others)

    monkeypatch.setattr(loop, "train_iteration", stops)
    with pytest.raises(Stopped):
        train(settings, faint, "data", tmp_path / "stopped", stopped, lookout=eyes())
    monkeypatch.setattr(loop, "train_iteration", play)
    again = train(settings, faint, "data", tmp_path / "stopped", resumed, lookout=eyes())
    assert equal(again.state, whole.state)
    assert again.curves.to_csv() == whole.curves.to_csv() and again.digests.to_csv() == whole.digests.to_csv()
    timeless = [("speed", "time"), tracker.attempts[1].points, resumed.attempts[1].points]
    ours, theirs = (
        [(seen, sorted(n for n in v if not n.startswith(timeless[0]))) for seen, v in p] for p in timeless[1:]
    )
    assert ours == theirs, "who heard nothing hears it all, in the run of its attempt"
    assert resumed.notes["failed_attempt.0"] == tracker.notes["failed_attempt.0"]


FILE_OPERATIONS = ("replace", "unlink")


@pytest.mark.parametrize("operation", range(8))
def test_a_kill_between_two_file_operations_of_a_return_leaves_no_trace(
    operation, make_settings, faint, tracker, tmp_path, monkeypatch
):
    """Every replace and unlink from the return on, one after the other, is the last thing that the process does."""
    settings = make_settings("dcgan", total_images=320, checkpoint_every_images=LOOKS)
    sabotage(monkeypatch, one_picture, begin=200)
    whole = train(settings, faint, "data", tmp_path / "whole", tracker, lookout=eyes())
    done, back = [], recovery._back

    def dying(method):
        def call(path, *others, **options):
            if done and len(done) > operation:
                raise Stopped
            if done:
                done.append(path)
            return method(path, *others, **options)

        return call

    def returning(*arguments):
        done.append(None)
        return back(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(recovery, "_back", returning)
        for name in FILE_OPERATIONS:
            patch.setattr(Path, name, dying(getattr(Path, name)))
        with pytest.raises(Stopped):
            train(settings, faint, "data", tmp_path / "killed", tracker, lookout=eyes())
    again = train(settings, faint, "data", tmp_path / "killed", tracker, lookout=eyes())
    assert equal(again.state, whole.state) and again.curves.to_csv() == whole.curves.to_csv()
    (folder,) = (tmp_path / "killed").iterdir()
    assert len(list(folder.glob("*.safetensors"))) <= 3
    assert again.snapshots.keys() == whole.snapshots.keys()
    assert all(torch.equal(again.snapshots[name], whole.snapshots[name]) for name in whole.snapshots)


def test_a_healthy_game_of_each_recipe_raises_no_alarm(recipe, make_settings, tmp_path):
    assert set(RECIPES) >= {"dcgan", "vanilla", "r3gan", "vae", "wgan_gp", "sngan", "autoencoder"}
    tracker, heard = ListTracker(), []
    settings = make_settings(recipe, total_images=800, log_every_images=16, checkpoint_every_images=80)
    train(settings, Faint(), "data", tmp_path, tracker, tell=heard.append, lookout=eyes())
    assert heard == [] and not tracker.attempts
