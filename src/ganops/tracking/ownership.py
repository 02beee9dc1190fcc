"""One run at a time owns the outputs of an environment, from before its first read until its session ends.

Two runs that write the same files at once would evaluate and register each other's weights. The lock is a file lock,
which the system releases when the process ends. Between two stages of one DVC command no process holds it; then the
file beside it, which names the owner, keeps other runs out while the command runs.
"""

import json
import logging
import sys
import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ganops.files import atomic_write, disk_errors
from ganops.tracking.masking import mask_command
from ganops.tracking.run_session import ProcessIdentity, dvc_command, this_process

logger = logging.getLogger(__name__)
_PAUSE_SECONDS = 0.3
_LONGEST_COMMAND = 200


@dataclass(frozen=True)
class Owner:
    """The owner of the outputs, as stored in the file beside the lock.

    Attributes:
        process: `ProcessIdentity` as text: of the session's process; inside a stage of DVC, of the `dvc` command.
        command: the command line, without values of parameters.
        since: local time.
        outlasts_lock: whether it still owns the outputs between two sessions.
        run: name of the MLflow run, once there is one.
    """

    process: str
    command: str
    since: str
    outlasts_lock: bool
    run: str = ""

    def __str__(self) -> str:
        identity = ProcessIdentity.parse(self.process)
        run = f", MLflow run {self.run}" if self.run else ""
        return f"process {identity.pid} on {identity.host} (`{self.command}`{run}), since {self.since}"

    def keeps_others_out(self) -> bool:
        """Return whether it owns the outputs without holding the lock; for another machine only the lock counts."""
        identity = ProcessIdentity.parse(self.process)
        return self.outlasts_lock and identity.host == this_process().host and identity.may_be_alive()


class OutputsLock:
    """The lock of one environment's outputs. The owner is a process: each of its sessions may take the lock."""

    def __init__(self, project: Path, environment: str) -> None:
        folder = project / ".checkpoints"
        self.environment, self.owner_file = environment, folder / f"{environment}.owner.json"
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(folder / f"{environment}.owner.lock", thread_local=False)
        self._owner = _this_owner()

    def acquire(self) -> None:
        """Take the lock; while another run owns the outputs, log its name once and wait. Ctrl-C ends the wait.

        Raises:
            StorageError: the folder of the lock may not be written.
        """
        with disk_errors(self.owner_file):
            announced = False
            while not self._try_acquire():
                announced = announced or self._announce()
                time.sleep(_PAUSE_SECONDS)
            self._write()

    def name_run(self, run: str) -> None:
        """Write the name of the MLflow run into the owner's file."""
        self._owner = replace(self._owner, run=run)
        self._write()

    def release(self) -> None:
        """Release the lock; a DVC command stays the owner for its next stage."""
        if not self._owner.outlasts_lock:
            self.owner_file.unlink(missing_ok=True)
        self._lock.release()

    def _try_acquire(self) -> bool:
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        other = self._read_other()
        if other is not None and other.keeps_others_out():
            self._lock.release()
            return False
        return True

    def _announce(self) -> bool:
        """Log the owner and return True; return False where the file names none yet, or one that has ended."""
        other = self._read_other()
        if other is None or not ProcessIdentity.parse(other.process).may_be_alive():
            return False
        logger.warning(
            "Waiting: the outputs of environment %s belong to %s. Ctrl-C ends the wait.",
            self.environment,
            other,
        )
        return True

    def _read_other(self) -> Owner | None:
        """Return the owner in the file; None where there is none or it is this process."""
        try:
            owner = Owner(**json.loads(self.owner_file.read_text(encoding="utf-8")))
            ProcessIdentity.parse(owner.process)
        except (OSError, ValueError, TypeError):
            return None
        return None if owner.process == self._owner.process else owner

    def _write(self) -> None:
        with atomic_write(self.owner_file) as file:
            file.write_text(json.dumps(asdict(self._owner), indent=2) + "\n", encoding="utf-8")


def _this_owner() -> Owner:
    now, dvc = datetime.now().strftime("%Y-%m-%d %H:%M:%S"), dvc_command()
    words = dvc.cmdline() if dvc else sys.argv
    command = " ".join(mask_command([Path(words[0]).name, *words[1:]]).split())[:_LONGEST_COMMAND]
    process = ProcessIdentity.of(dvc) if dvc else this_process()
    return Owner(str(process), command, now, outlasts_lock=dvc is not None)


_HELD: dict[tuple[Path, str], OutputsLock] = {}


def own_outputs(project: Path, environment: str) -> OutputsLock:
    """Return the lock of these outputs; take it, unless this process holds it already."""
    key = project.resolve(), environment
    if key not in _HELD:
        lock = OutputsLock(*key)
        lock.acquire()
        _HELD[key] = lock
    return _HELD[key]


def release_outputs() -> None:
    """Release every lock that this process holds."""
    while _HELD:
        _HELD.popitem()[1].release()
