"""Checkpoints for crash recovery: one folder for each fingerprint, atomic writes, one training at a time."""

import hashlib
import logging
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ganops.code_digest import training_digest
from ganops.errors import CheckpointError
from ganops.files import atomic_write, disk_errors, read_regular, require_regular
from ganops.tensors import WrongTensors, read_tensors
from ganops.training.distributed import SINGLE_PROCESS, Distributed
from ganops.training.snapshots import Snapshots
from ganops.training.state import TrainingState
from ganops.training_settings import Settings

logger = logging.getLogger(__name__)

# The digest of the code that runs, not of edits made meanwhile: the fingerprint does not change while a training runs.
CODE = training_digest()
_KEPT = 2
_LOCK_TIMEOUT_SECONDS = 60.0
_NAME = re.compile(r"(?:attempt-(?P<attempt>[1-9][0-9]{0,6})-)?(?P<images_seen>[0-9]{14})\.safetensors")
_LOCK, _RUN, _MAX_RUN_BYTES = "lock", "run", 1000
_BOOLEANS = {"true": True, "false": False}
_CHECKPOINTS, _HEALTHY = "*.safetensors", "healthy"


def fingerprint(settings: Settings, data_digest: str) -> str:
    """Return the sha256 of what determines a training's files: settings, training data, code and torch version.

    Left out is what changes no file: when samples are logged, how many attempts may fail, and how many processes train.
    When to log and to write a checkpoint is part of it: curves and digests belong to the state.
    """
    determining = settings.model_dump_json(exclude={"execution"})
    content = "\n".join([determining, data_digest, CODE, torch.__version__])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


class Checkpoints:
    """The checkpoints of one fingerprint, named after attempt and images seen, and the snapshots beside them.

    Kept are the last two and the last healthy one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.snapshots = folder, Snapshots(folder / "snapshots")

    @contextmanager
    def exclusive(self, distributed: Distributed = SINGLE_PROCESS) -> Iterator[None]:
        """Hold the folder's lock: a second training of the same fingerprint waits, and logs that it does.

        The main process takes the lock and signals to the others every minute: after half an hour without
        communication they would fail.
        """
        lock = FileLock(self.folder / _LOCK)
        timeout = 0.0
        while distributed.any(distributed.is_main and not self._acquire(lock, timeout)):
            if not timeout:
                logger.info("Waiting: another process is running the same training (lock %s).", lock.lock_file)
            timeout = _LOCK_TIMEOUT_SECONDS
        try:
            yield
        finally:
            lock.release()

    def clear(self) -> None:
        """Delete all files of a finished training, unless another process is running it.

        That process needs them, and clears them in its turn. The lock file stays: a process that waits has it open.
        """
        if not self.folder.is_dir():
            return
        try:
            with FileLock(self.folder / _LOCK, timeout=0):
                for path in self.folder.iterdir():
                    if path.is_dir():
                        shutil.rmtree(path)
                    elif path.name != _LOCK:
                        path.unlink()
        except Timeout:
            return

    def save(self, state: TrainingState, healthy: bool = True) -> None:
        """Write the state atomically; delete all but the last two checkpoints and the last healthy one."""
        with atomic_write(self.folder / _file_name(state)) as file:
            save_file(state.state_dict(), file, {_HEALTHY: str(healthy).lower()})
        history = self._newest_first()
        kept = {*history[:_KEPT], self._newest_healthy(history)}
        for old in set(self.folder.glob(_CHECKPOINTS)) - kept:
            old.unlink()

    def restore(self, state: TrainingState) -> bool:
        """Load the newest checkpoint and delete later snapshots; return False where there is no checkpoint.

        Raises:
            CheckpointError: the checkpoint is damaged.
        """
        newest = next(iter(self._newest_first()), None)
        if newest is not None:
            _load(newest, state)
        self.snapshots.delete_after(state.images_seen)
        return newest is not None

    def restore_healthy(self, state: TrainingState) -> None:
        """Load the newest checkpoint that is marked healthy; do nothing where there is none."""
        healthy = self._newest_healthy(self._newest_first())
        if healthy is not None:
            _load(healthy, state)

    def record_run(self, description: str) -> None:
        """Store which run writes the checkpoints from now on; an empty description changes nothing."""
        if description:
            with atomic_write(self.folder / _RUN) as file:
                file.write_text(description, encoding="utf-8")

    def read_run(self) -> str:
        """Return the run that wrote last; empty where none is known."""
        try:
            return read_regular(self.folder / _RUN, _MAX_RUN_BYTES).decode()
        except (OSError, UnicodeDecodeError):
            return ""

    def _acquire(self, lock: FileLock, timeout: float) -> bool:
        with disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=timeout)
            except Timeout:
                return False
        return True

    def _newest_first(self) -> list[Path]:
        """Return the history from the newest back to the oldest, without what was rolled back."""
        history: list[Path] = []
        for path in sorted(self.folder.glob(_CHECKPOINTS), key=_position, reverse=True):
            if not history or _position(path)[1] <= _position(history[-1])[1]:
                history.append(path)
        return history

    def _newest_healthy(self, history: Sequence[Path]) -> Path | None:
        return next((path for path in history if _is_healthy(path)), None)


def read_finished(path: Path) -> tuple[str, dict[str, Tensor]]:
    """Return the sha256 and the tensors of a finished training state, as training.continue_from names it."""
    try:
        file = read_tensors(path)
    except WrongTensors as error:
        raise CheckpointError(
            f"training.continue_from: {path}",
            expected="a training_state.safetensors of an earlier training",
            received=str(error),
            remedy="Give its path, relative to the project. One that DVC keeps comes back by `dvc checkout`.",
        ) from None
    return file.sha256, file.tensors


def _load(path: Path, state: TrainingState) -> None:
    try:
        state.load_state_dict(read_tensors(path).tensors)
        if _position(path) != (state.attempt, state.images_seen):
            raise WrongTensors(f"the state at attempt {state.attempt} and {state.images_seen} images")
    except WrongTensors as error:
        raise _unreadable(path, error) from None


def _file_name(state: TrainingState) -> str:
    attempt = f"attempt-{state.attempt}-" if state.attempt else ""
    return f"{attempt}{state.images_seen:014d}.safetensors"


def _position(path: Path) -> tuple[int, int]:
    """Return attempt and images seen, as the file name has them."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise _unreadable(path, WrongTensors("a file name that is not a checkpoint's"))
    return int(match["attempt"] or 0), int(match["images_seen"])


def _is_healthy(path: Path) -> bool:
    try:
        require_regular(path)
        with safe_open(path, framework="pt") as file:
            return _BOOLEANS[(file.metadata() or {})[_HEALTHY]]
    except (OSError, SafetensorError, KeyError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(
        str(path),
        expected="a whole training state",
        received=str(error) if isinstance(error, WrongTensors) else f"{type(error).__name__}: {error}",
        remedy="Delete this file to resume from the checkpoint before it, or its folder to train from the start.",
    )
