"""Which process is at work: a process id alone is given out again, together with host and start time it is not."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil

_CLOCK_TOLERANCE_SECONDS = 2.0  # psutil derives start times from the boot time, which the clock's corrections move


@dataclass(frozen=True)
class ProcessIdentity:
    """One process of one machine; as text `host/pid/seconds`."""

    host: str
    pid: int
    started: float

    @classmethod
    def of(cls, process: psutil.Process) -> "ProcessIdentity":
        """The identity of a living process."""
        return cls(socket.gethostname(), process.pid, process.create_time())

    @classmethod
    def parse(cls, text: str) -> "ProcessIdentity":
        """The inverse of str()."""
        host, pid, started = text.rsplit("/", 2)
        return cls(host, int(pid), float(started))

    def __str__(self) -> str:
        return f"{self.host}/{self.pid}/{self.started:.2f}"

    def may_be_alive(self) -> bool:
        """False only when the process is known to have ended; of another machine nothing is known."""
        if self.host != socket.gethostname():
            return True
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < _CLOCK_TOLERANCE_SECONDS
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def this_process() -> ProcessIdentity:
    """The running process."""
    return ProcessIdentity.of(psutil.Process())


def session_key(kedro_session: str) -> str:
    """Equal in all processes that belong to one MLflow run.

    Under DVC each stage is a process of its own; what they share is the DVC command above them and the experiment's
    name. Elsewhere a session of Kedro is one run, and a process (a notebook) may hold several.
    """
    if "DVC_STAGE" not in os.environ:
        return f"{this_process()}/{kedro_session}"
    return f"{ProcessIdentity.of(_dvc_ancestor())}/{os.environ.get('DVC_EXP_NAME', '')}"


def dvc_command() -> psutil.Process | None:
    """Return the `dvc` command of which this process is a stage; None elsewhere, and below a notebook or a server."""
    if "DVC_STAGE" not in os.environ:
        return None
    process = _dvc_ancestor()
    try:  # `dvc …`, `python /path/to/dvc …`, `python -m dvc …`
        return process if "dvc" in [Path(word).stem for word in process.cmdline()[:3]] else None
    except psutil.Error:
        return None


def _dvc_ancestor() -> psutil.Process:
    """DVC sets DVC_STAGE for what it starts, so it is the nearest ancestor that was started without it."""
    ancestors = psutil.Process().parents()
    return next((process for process in ancestors if not _is_inside_stage(process)), ancestors[-1])


def _is_inside_stage(process: psutil.Process) -> bool:
    try:
        return "DVC_STAGE" in process.environ()
    except psutil.AccessDenied:
        return False
