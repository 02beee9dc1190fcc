"""Several processes of one training on this machine, launched by torch elastic from inside the one that asks."""

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
from ganops.launch.worker import TrainingJob, WorkerFailure, joined, play, speak

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# An interrupted process finishes its round and writes a checkpoint; after so long it is killed.
SHUTDOWN_TIMEOUT_SECONDS = 300


def launch_elastic(work: TrainingJob) -> None:
    """The whole training, by settings.processes workers, whose result is the last checkpoint.

    A signal that ends it reaches the workers, which leave a checkpoint, and is then raised here again.

    Raises:
        GanopsError: a worker met it.
        WorkerFailure: a worker was killed, or met an error that is nobody's mistake.
    """
    with tempfile.TemporaryDirectory() as folder, _quiet_agent():
        config = LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=work.settings.processes,
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
                elastic_launch(config, _part)(work, Path(folder))
        except ChildFailedError as error:
            raise _told(Path(folder)) or WorkerFailure(_reason(error)) from None


def _part(work: TrainingJob, reports: Path) -> None:
    """A worker."""
    speak()
    signal.signal(signal.SIGTERM, _ended)
    try:
        with joined(work.settings.device) as world:
            play(work, world)
    except GanopsError as error:
        report = {"kind": type(error).__name__, **vars(error)}
        (reports / f"{os.environ['RANK']}.json").write_text(json.dumps(report), encoding="utf-8")
        raise


def _ended(number: int, frame: FrameType | None) -> None:
    """What is open gets closed, such as the run of an attempt."""
    raise SystemExit(128 + number)


def _told(reports: Path) -> GanopsError | None:
    """The error of the first worker that reported one."""
    for file in sorted(reports.glob("*.json")):
        report = json.loads(file.read_text(encoding="utf-8"))
        return getattr(errors, report.pop("kind"))(**report)
    return None


def _reason(error: ChildFailedError) -> str:
    rank, failure = error.get_first_failure()
    if failure.exitcode < 0:
        return f"process {rank} was ended by {failure.signal_name()}"
    data = failure.error_file_data.get("message") if isinstance(failure.error_file_data, dict) else None
    said = data["message"] if isinstance(data, dict) else failure.message
    return f"process {rank} ended with {said}"


@contextmanager
def _own_signals() -> Iterator[None]:
    """The agent takes the signals' handlers and leaves its own behind; here the signal goes to whom it went before.

    Outside the main thread, where Python allows no handlers, the agent takes none, and signals go their usual way.
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
        raise KeyboardInterrupt  # where the signal's own handler let it pass


@contextmanager
def _quiet_agent() -> Iterator[None]:
    """What the agent logs of a failure is told by the error that is raised here."""
    agents = [name for name in logging.root.manager.loggerDict if name.startswith("torch.distributed")]
    before = {name: logging.getLogger(name).level for name in agents}
    for name in agents:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
