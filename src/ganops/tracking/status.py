"""Give every run its true status: KILLED after Ctrl-C and SIGTERM, FAILED after any error, wherever it occurs.

Kedro's hooks see exceptions of nodes alone. A KeyboardInterrupt passes them, and MLflow's exit handler would then mark
the run FINISHED; SIGTERM would leave it RUNNING for ever.
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
from ganops.tracking.run_session import active_run_id

logger = logging.getLogger(__name__)
_EXIT_BY_SIGNAL = 128  # plus the number of the signal, by the shells' convention


class Terminated(SystemExit):
    """SIGTERM as an exception: open runs and files are closed, then the process ends with 143."""


class NothingToRun(Exception):
    """Every output of the pipeline exists."""


class TrackedSession(KedroSession):
    """A session of Kedro that ends its MLflow run and unlocks its outputs, however it ends."""

    def run(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Run as KedroSession does; where there is nothing to run, log that and open no MLflow run."""
        try:
            with _true_status():
                return self._run(*arguments, **options)
        finally:
            release_outputs()

    def _run(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        try:
            return super().run(*arguments, **options)
        except NothingToRun as reason:
            logger.info("%s", reason)
            return {}


def check_anything_missing(pipeline: Pipeline, catalog: CatalogProtocol) -> None:
    """Raise NothingToRun where every output of the pipeline exists."""
    outputs = pipeline.all_outputs()
    if all(catalog.exists(name) for name in outputs):
        raise NothingToRun(
            f"Nothing to run: all {len(outputs)} outputs exist. Leave out --only-missing-outputs to produce them again."
        )


@contextmanager
def _true_status() -> Iterator[None]:
    outer = active_run_id()
    try:
        with _sigterm_raised():
            yield
    except (KeyboardInterrupt, Terminated) as interruption:
        _end_runs("KILLED", outer)
        if isinstance(interruption, KeyboardInterrupt) and click.get_current_context(silent=True):
            # Click would exit with 1, as for any error; the shell and DVC recognise an interruption by 130.
            raise SystemExit(_EXIT_BY_SIGNAL + signal.SIGINT) from None
        raise
    except BaseException:
        _end_runs("FAILED", outer)
        raise


@contextmanager
def _sigterm_raised() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield
        return
    previous = signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _raise_terminated(number: int, frame: FrameType | None) -> None:
    raise Terminated(_EXIT_BY_SIGNAL + number)


def _end_runs(status: str, outer: str) -> None:
    """End the runs that were started within; a run that the caller opened before stays open."""
    while (current := active_run_id()) and current != outer:
        sys.modules["mlflow"].end_run(status)
