"""Attempt after attempt at a game, until one is not lost.

A lost game goes back to the last healthy checkpoint, and on from there as a new attempt: with other noise and other
data, half the learning rate and twice the γ of R1 and R2. The state that it goes on from is written before anything
else is, under the number of the attempt: a process that ends before that loses the same game again, in the same way.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from ganops.errors import TrainingError
from ganops.training.failure import FailedAttempt
from ganops.training.health import Issue
from ganops.training.schedules import GENTLER_RATE, STRONGER_GAMMA
from ganops.training.state import TrainingState
from ganops.training.tracker import Tracker
from ganops.training.trainer import Trainer, TrainingContext

Beginning = Callable[[int], TrainingState]


def train_with_restarts(venue: TrainingContext, state: TrainingState, beginning: Beginning) -> TrainingState:
    """The state at the end of the budget, or at an interruption.

    Args:
        state: to go on from.
        beginning: attempt → the state before the first round.

    Raises:
        TrainingError: every attempt that the settings allow was lost; it says what was seen in each.
    """
    tracker = _retold(venue.tracker, state)
    while found := Trainer(venue, state, tracker).run():
        state = _back(venue, state, found, beginning)
        tracker = _opened(venue.tracker, state)
        venue.tell(_turn(state, bool(venue.settings.r1_gamma or venue.settings.r2_gamma)))
        venue.progress(state.images_seen, {})
        if venue.world.any(venue.interruption.received is not None):
            break
    return state


def _back(venue: TrainingContext, failed: TrainingState, found: Sequence[Issue], beginning: Beginning) -> TrainingState:
    """The last healthy checkpoint, else the start, as the next attempt; it takes the place of what came after it."""
    reasons, remedies = [finding.reason for finding in found], [finding.remedy for finding in found]
    game = FailedAttempt(failed.images_seen, "; ".join(reasons), _joined(remedies))
    if failed.attempt >= venue.settings.attempts:
        raise _given_up([*failed.failures, game])
    state = beginning(failed.attempt + 1)
    venue.scratch.restore_healthy(state)
    state.attempt = failed.attempt + 1
    state.failures = [*failed.failures, replace(game, rolled_back_to=state.images_seen)]
    venue.world.any(False)  # all have read before one writes
    if venue.world.leads:
        venue.tracker.flush()
        venue.scratch.save(state, healthy=True)
        venue.scratch.snapshots.forget_after(state.images_seen)
    return state


def _retold(tracker: Tracker, state: TrainingState) -> Tracker:
    """The curves up to now, for a tracker that heard nothing of them; one that did drops what it has. Each attempt's
    are its own; the last one's tracker."""
    current = tracker
    for number in range(state.attempt + 1):
        current = _opened(tracker, state, number) if number else tracker
        _retell(current, state, number)
    return current


def _retell(tracker: Tracker, state: TrainingState, attempt: int) -> None:
    curves = {name: values for name, values in state.curves.items() if name not in ("images_seen", "attempt")}
    for position, images_seen in enumerate(state.curves.get("images_seen", ())):
        if state.curves["attempt"][position] == attempt:
            row = {name: values[position] for name, values in curves.items()}
            tracker.scalars(int(images_seen), {name: value for name, value in row.items() if not math.isnan(value)})


def _opened(tracker: Tracker, state: TrainingState, number: int | None = None) -> Tracker:
    number = state.attempt if number is None else number
    lost = state.failures[number - 1]
    tracker.note(f"failed_attempt.{number - 1}", f"{lost.reason}, at {lost.images_seen} images")
    attempt = tracker.attempt(number)
    attempt.note("follows", f"{lost.reason}, at {lost.images_seen} images")
    attempt.note("began_at_images", str(lost.rolled_back_to))
    return attempt


def _turn(state: TrainingState, penalised: bool) -> str:
    lost, number = state.failures[-1], state.attempt
    gentler = f"{GENTLER_RATE**number:g} × learning rate" + (f", {STRONGER_GAMMA**number:g} × γ" if penalised else "")
    where = f"from the last healthy checkpoint, at {lost.rolled_back_to:,} images" if lost.rolled_back_to else "anew"
    return (
        f"The game was lost at {lost.images_seen:,} images: {lost.reason}. Attempt {number} goes on {where}, "
        f"with other noise, data in another order, and {gentler}."
    )


def _given_up(lost: Sequence[FailedAttempt]) -> TrainingError:
    seen = [f"attempt {number}: {game.reason}, at {game.images_seen} images" for number, game in enumerate(lost)]
    return TrainingError(
        f"a game that was lost {len(lost)} times" if len(lost) > 1 else "a game that was lost",
        expected="a healthy one",
        received="; ".join(seen),
        remedy=f"{_joined([game.remedy for game in lost])}.",
    )


def _joined(remedies: Sequence[str]) -> str:
    """Each once, and none that another goes on from."""
    different = dict.fromkeys(remedies)
    said = [text for text in different if not any(other.startswith(text) for other in different if other != text)]
    return ". ".join(said)
