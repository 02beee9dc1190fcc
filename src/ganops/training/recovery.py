"""Restarts of a training that fails.

A failed attempt rolls back to the last healthy checkpoint, from which the next one starts: with new noise, another data
order, half the learning rate and twice the γ of R1 and R2. The state to start from is written before anything else,
under the number of the new attempt: a process that ends before that repeats the failed attempt, in the same way.
"""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from ganops.errors import TrainingError
from ganops.training.failure import FailedAttempt
from ganops.training.health import Issue
from ganops.training.schedules import GAMMA_FACTOR, RATE_FACTOR
from ganops.training.state import TrainingState
from ganops.training.tracker import Tracker
from ganops.training.trainer import Trainer, TrainingContext

logger = logging.getLogger(__name__)

InitialState = Callable[[int], TrainingState]


def train_with_restarts(context: TrainingContext, state: TrainingState, initial_state: InitialState) -> TrainingState:
    """Train to the end of the budget, or to an interruption, with as many restarts as the settings allow.

    Args:
        context: collaborators of all attempts.
        state: the state to resume from.
        initial_state: attempt → the state before its first iteration.

    Returns:
        the last state.

    Raises:
        TrainingError: every attempt failed; it names the reason of each.
    """
    tracker = _replay_curves(context.tracker, state)
    while issues := Trainer(context, state, tracker).run():
        state = _roll_back(context, state, issues, initial_state)
        tracker = _open_attempt(context.tracker, state, state.attempt)
        logger.warning(_restart_message(context, state))
        if context.distributed.any(context.interruption.received is not None):
            break
    return state


def _roll_back(
    context: TrainingContext, failed: TrainingState, issues: Sequence[Issue], initial_state: InitialState
) -> TrainingState:
    """Save the last healthy checkpoint, or the initial state, as the start of the next attempt, and return it."""
    failure = FailedAttempt(
        failed.images_seen,
        "; ".join(issue.reason for issue in issues),
        _merge_remedies([issue.remedy for issue in issues]),
    )
    if failed.attempt >= context.settings.execution.attempts:
        raise _all_attempts_failed([*failed.failures, failure])
    state = initial_state(failed.attempt + 1)
    context.checkpoints.restore_healthy(state)
    state.attempt = failed.attempt + 1
    state.failures = [*failed.failures, replace(failure, rolled_back_to=state.images_seen)]
    context.distributed.barrier()  # all have read before one writes
    if context.distributed.is_main:
        context.tracker.flush()
        context.checkpoints.save(state, healthy=True)
        context.checkpoints.snapshots.delete_after(state.images_seen)
    return state


def _replay_curves(tracker: Tracker, state: TrainingState) -> Tracker:
    """Replay the stored curves of every attempt into its tracker, which skips steps that it already has.

    Returns the tracker of the current attempt.
    """
    current = tracker
    for attempt in range(state.attempt + 1):
        current = _open_attempt(tracker, state, attempt) if attempt else tracker
        _replay(current, state, attempt)
    return current


def _replay(tracker: Tracker, state: TrainingState, attempt: int) -> None:
    curves = {name: values for name, values in state.curves.items() if name not in ("images_seen", "attempt")}
    for position, images_seen in enumerate(state.curves.get("images_seen", ())):
        if state.curves["attempt"][position] == attempt:
            row = {name: values[position] for name, values in curves.items()}
            tracker.log_metrics(int(images_seen), {name: value for name, value in row.items() if not math.isnan(value)})


def _open_attempt(tracker: Tracker, state: TrainingState, attempt: int) -> Tracker:
    """Tag the run with the failure before the attempt, and return the tagged tracker of the attempt."""
    failure = state.failures[attempt - 1]
    reason = f"{failure.reason}, at {failure.images_seen} images"
    tracker.set_tag(f"failed_attempt.{attempt - 1}", reason)
    opened = tracker.start_attempt(attempt)
    opened.set_tag("follows", reason)
    opened.set_tag("began_at_images", str(failure.rolled_back_to))
    return opened


def _restart_message(context: TrainingContext, state: TrainingState) -> str:
    failure, attempt, settings = state.failures[-1], state.attempt, context.settings
    start = (
        f"the last healthy checkpoint, at {failure.rolled_back_to:,} images"
        if failure.rolled_back_to
        else "the beginning"
    )
    penalties = settings.adversarial.penalties if settings.adversarial else {}
    penalty = f", γ × {GAMMA_FACTOR**attempt:g}" if {"r1_gamma", "r2_gamma"} & penalties.keys() else ""
    return (
        f"Training failed at {failure.images_seen:,} images: {failure.reason}. Restarting from {start} "
        f"(attempt {attempt} of {settings.execution.attempts}) with new noise and data order, "
        f"learning rate × {RATE_FACTOR**attempt:g}{penalty}."
    )


def _all_attempts_failed(failures: Sequence[FailedAttempt]) -> TrainingError:
    reasons = [
        f"attempt {number}: {failure.reason}, at {failure.images_seen} images"
        for number, failure in enumerate(failures)
    ]
    attempts = f"all {len(failures)} attempts" if len(failures) > 1 else "its only attempt"
    return TrainingError(
        f"Training failed in {attempts}: {'; '.join(reasons)}",
        remedy=f"{_merge_remedies([failure.remedy for failure in failures])}.",
    )


def _merge_remedies(remedies: Sequence[str]) -> str:
    """Join the remedies, each once, without those that another one begins with."""
    unique = dict.fromkeys(remedies)
    return ". ".join(text for text in unique if not any(other.startswith(text) for other in unique if other != text))
