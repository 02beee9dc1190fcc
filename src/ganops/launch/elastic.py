"""Several workers of one training on this machine, launched by torch elastic from inside this process."""

import json
import logging
import os
import signal
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from torch.distributed.elastic.multiprocessing import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from ganops import errors
from ganops.errors import GanopsError
from ganops.launch.worker import TrainingJob, WorkerFailure, configure_logging, process_group, run_worker

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# An interrupted worker finishes its iteration and writes a checkpoint; after this time it is killed.
SHUTDOWN_TIMEOUT_SECONDS = 300


def launch_elastic(job: TrainingJob) -> None:
    """Train in settings.execution.processes workers; the result is the last checkpoint.

    A signal reaches the workers, which write a checkpoint, and is then raised again here.

    Raises:
        GanopsError: a worker raised it.
        WorkerFailure: a worker was killed, or raised another error.
    """
    with tempfile.TemporaryDirectory() as folder, _quiet_agent():
        config = LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=job.settings.execution.processes,
            run_id=str(uuid.uuid4()),
            rdzv_backend="c10d",
            rdzv_endpoint="localhost:0",
            local_addr="localhost",
            max_restarts=0,
            signals_to_handle=",".join(number.name for number in _SIGNALS),
            shutdown_timeout=SHUTDOWN_TIMEOUT_SECONDS,
        )
        try:
            with _own_signals():
                elastic_launch(config, _run)(job, Path(folder))
        except ChildFailedError as error:
            raise _read_error(Path(folder)) or WorkerFailure(_reason(error, job.settings.execution.processes)) from None


def _run(job: TrainingJob, reports: Path) -> None:
    """Run a worker; write an error that the user can mend to the folder of reports."""
    configure_logging()
    signal.signal(signal.SIGTERM, _exit)
    try:
        with process_group(job.settings.runtime.device) as distributed:
            run_worker(job, distributed)
    except GanopsError as error:
        parts = {name: getattr(error, name) for name in ("subject", "expected", "received", "remedy")}
        report = {"kind": type(error).__name__, **parts}
        (reports / f"{os.environ['RANK']}.json").write_text(json.dumps(report), encoding="utf-8")
        raise


def _exit(number: int, frame: FrameType | None) -> None:
    """Exit by an exception, so that what is open is closed, such as the run of an attempt."""
    raise SystemExit(128 + number)


def _read_error(reports: Path) -> GanopsError | None:
    """Return the error of the first worker that reported one."""
    for file in sorted(reports.glob("*.json")):
        report = json.loads(file.read_text(encoding="utf-8"))
        return getattr(errors, report.pop("kind"))(**report)
    return None


def _reason(error: ChildFailedError, processes: int) -> str:
    rank, failure = error.get_first_failure()
    worker = f"Worker {rank} of {processes}"
    if failure.exitcode < 0:
        return f"{worker} was killed by {failure.signal_name()}"
    data = failure.error_file_data.get("message") if isinstance(failure.error_file_data, dict) else None
    message = data["message"] if isinstance(data, dict) else failure.message
    return f"{worker} failed with {message}"


@contextmanager
def _own_signals() -> Iterator[None]:
    """Restore this process's signal handlers, which the agent replaces, and raise the received signal with them.

    Outside the main thread, where Python allows no handlers, the agent sets none, and signals take their usual effect.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {number: signal.getsignal(number) for number in _SIGNALS}
    received: signal.Signals | None = None
    try:
        yield
    except SignalException as interruption:
        received = interruption.sigval
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if received is not None:
        signal.raise_signal(received)
        raise KeyboardInterrupt  # where the signal's own handler returned


@contextmanager
def _quiet_agent() -> Iterator[None]:
    """Suppress the agent's log of a failure, which the error raised here describes."""
    agents = [name for name in logging.root.manager.loggerDict if name.startswith("torch.distributed")]
    before = {name: logging.getLogger(name).level for name in agents}
    for name in agents:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
