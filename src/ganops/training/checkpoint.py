"""Checkpoints: scratch for crash recovery, in a folder of their own for each fingerprint, whole or not there at all."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
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

_WITHOUT_EFFECT = {"sample_every_images", "attempts", "processes", "launcher"}
# Of what runs, not of what is edited meanwhile: the fingerprint at the end of a training is the one of its beginning.
CODE = training_digest()
_KEPT = 2
_PATIENCE_SECONDS = 60.0
_NAME = re.compile(r"(?:attempt-(?P<attempt>[1-9][0-9]{0,6})-)?(?P<images_seen>[0-9]{14})\.safetensors")
_RUN, _MOST_BYTES_OF_RUN = "run", 1000
_WORDS = {"true": True, "false": False}
_CHECKPOINTS, _HEALTHY = "*.safetensors", "healthy"


def fingerprint(settings: Settings, data_digest: str) -> str:
    """sha256 of what determines a training's files: settings, training data, and the code and the torch that train.

    When to look at samples has no effect on them, a state does not know how many processes made it, and how many
    attempts may still be lost matters to none of them. When to log and to write a checkpoint has: curves and digests
    are part of the state.
    """
    determining = settings.model_dump_json(exclude=_WITHOUT_EFFECT)
    content = "\n".join([determining, data_digest, CODE, torch.__version__])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


class Checkpoints:
    """The checkpoints of one fingerprint, named after attempt and images seen: the last two are kept, and the last
    healthy one. Beside them, the snapshots."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.snapshots = folder, Snapshots(folder / "snapshots")

    @contextmanager
    def alone(self, tell: Callable[[str], None], world: Distributed = SINGLE_PROCESS) -> Iterator[None]:
        """Two trainings of one fingerprint wait for one another; `tell` hears, in words, that this one does.

        The leading process takes the lock, and sends its state to the others every minute: one that waits longer than
        half an hour for another would count it as dead.
        """
        lock = FileLock(self.folder / "lock")
        seconds = 0.0
        while world.any(world.leads and not self._locked(lock, seconds)):
            if not seconds:
                tell(f"Another process plays this very training: waiting until it ends, or lets {lock.lock_file} go.")
            seconds = _PATIENCE_SECONDS
        try:
            yield
        finally:
            lock.release()

    def _locked(self, lock: FileLock, seconds: float) -> bool:
        with disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=seconds)
            except Timeout:
                return False
        return True

    def save(self, state: TrainingState, healthy: bool = True) -> None:
        """Write the state, whole or not at all, and forget what is neither among the last two nor the last healthy."""
        with atomic_write(self.folder / _name(state)) as file:
            save_file(state.state_dict(), file, {_HEALTHY: str(healthy).lower()})
        line = self._newest_first()
        kept = {*line[:_KEPT], *self._healthy(line)[:1]}
        for old in set(self.folder.glob(_CHECKPOINTS)) - kept:
            old.unlink()

    def restore(self, state: TrainingState) -> bool:
        """Load the newest checkpoint; False when there is none. A damaged one is an error, never silence.

        Snapshots that are later than what the state is now are over.
        """
        newest = self._newest_first()[:1]
        self._load(newest, state)
        self.snapshots.forget_after(state.images_seen)
        return bool(newest)

    def restore_healthy(self, state: TrainingState) -> None:
        """Load the newest checkpoint that was healthy when it was written; nothing happens where there is none."""
        self._load(self._healthy(self._newest_first())[:1], state)

    def record_run(self, description: str) -> None:
        """Store which run writes the checkpoints from now on; an empty description changes nothing."""
        if description:
            with atomic_write(self.folder / _RUN) as file:
                file.write_text(description, encoding="utf-8")

    def read_run(self) -> str:
        """Return the run that wrote last; empty where none is known."""
        try:
            return read_regular(self.folder / _RUN, _MOST_BYTES_OF_RUN).decode()
        except (OSError, UnicodeDecodeError):
            return ""

    def _load(self, paths: Sequence[Path], state: TrainingState) -> None:
        for path in paths:
            try:
                state.load_state_dict(read_tensors(path).tensors)
                if _instant(path) != (state.attempt, state.images_seen):
                    raise WrongTensors(f"the state at attempt {state.attempt} and {state.images_seen} images")
            except WrongTensors as error:
                raise _unreadable(path, error) from None

    def _newest_first(self) -> list[Path]:
        """The line from the newest back to the oldest: what a new attempt went back behind is no part of it."""
        line: list[Path] = []
        for path in sorted(self.folder.glob(_CHECKPOINTS), key=_instant, reverse=True):
            if not line or _instant(path)[1] <= _instant(line[-1])[1]:
                line.append(path)
        return line

    def _healthy(self, paths: Sequence[Path]) -> list[Path]:
        return [path for path in paths if _is_healthy(path)]


def _name(state: TrainingState) -> str:
    attempt = f"attempt-{state.attempt}-" if state.attempt else ""
    return f"{attempt}{state.images_seen:014d}.safetensors"


def _instant(path: Path) -> tuple[int, int]:
    """Attempt and images seen."""
    found = _NAME.fullmatch(path.name)
    if found is None:
        raise _unreadable(path, WrongTensors("a file name that is not a checkpoint's"))
    return int(found["attempt"] or 0), int(found["images_seen"])


def _is_healthy(path: Path) -> bool:
    try:
        require_regular(path)
        with safe_open(path, framework="pt") as file:
            return _WORDS[(file.metadata() or {})[_HEALTHY]]
    except (OSError, SafetensorError, KeyError) as error:
        raise _unreadable(path, error) from None


def read_finished(path: Path) -> tuple[str, dict[str, Tensor]]:
    """The sha256 and the tensors of the state of a finished training, as training.continue_from names it."""
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


def _unreadable(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(
        str(path),
        expected="a whole training state",
        received=str(error) if isinstance(error, WrongTensors) else f"{type(error).__name__}: {error}",
        remedy="Delete this file to go on from the one before it, or its folder to train from the start.",
    )
