"""The run's status tells the truth: KILLED after Ctrl-C and SIGTERM, FAILED after any error, wherever it happened.

Kedro's hooks see exceptions of nodes alone. A KeyboardInterrupt passes them, and MLflow's own exit handler would then
mark the run FINISHED; SIGTERM would leave it RUNNING for ever.
"""

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click
from kedro.framework.session import KedroSession
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from ganops.tracking.ownership import release_outputs

_LOGGER = logging.getLogger(__name__)
_EXIT_BY_SIGNAL = 128  # added to the number of the signal, by the shells' convention


class Terminated(SystemExit):
    """SIGTERM as an exception: what is open gets closed, then the process ends with 143."""


class NothingToRun(Exception):
    """Every output exists already."""


class TrackedSession(KedroSession):
    """A session of Kedro that leaves no MLflow run open and no outputs locked."""

    def run(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Run as KedroSession does; where nothing is to be done, log that, and open no MLflow run."""
        try:
            with _truthful_status():
                return self._run(*arguments, **options)
        finally:
            release_outputs()

    def _run(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        try:
            return super().run(*arguments, **options)
        except NothingToRun as reason:
            _LOGGER.info("%s", reason)
            return {}


def check_anything_missing(pipeline: Pipeline, catalog: CatalogProtocol) -> None:
    """Raise NothingToRun where every output of the pipeline exists."""
    outputs = pipeline.all_outputs()
    if all(catalog.exists(name) for name in outputs):
        raise NothingToRun(
            f"Nothing to run: all {len(outputs)} outputs exist. Leave out --only-missing-outputs to make them again."
        )


@contextmanager
def _truthful_status() -> Iterator[None]:
    outer = _active_run_id()
    try:
        with _sigterm_raised():
            yield
    except (KeyboardInterrupt, Terminated) as interruption:
        _end_runs("KILLED", outer)
        if isinstance(interruption, KeyboardInterrupt) and click.get_current_context(silent=True):
            # Click would answer 1, as for any error; the shell and DVC tell an interruption by 130.
            raise SystemExit(_EXIT_BY_SIGNAL + signal.SIGINT) from None
        raise
    except BaseException:
        _end_runs("FAILED", outer)
        raise


@contextmanager
def _sigterm_raised() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # Python lets no other thread set handlers
        yield
        return
    previous = signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _raise_terminated(number: int, frame: FrameType | None) -> None:
    raise Terminated(_EXIT_BY_SIGNAL + number)


def _end_runs(status: str, outer: str | None) -> None:
    """End what was started since; a run that the caller had open before stays his."""
    while (current := _active_run_id()) is not None and current != outer:
        sys.modules["mlflow"].end_run(status)


def _active_run_id() -> str | None:
    mlflow = sys.modules.get("mlflow")  # never imported: no run
    active = mlflow.active_run() if mlflow else None
    return active.info.run_id if active else None
