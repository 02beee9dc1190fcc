"""The checkpoints of a training serve crash recovery until its results are saved."""

import shutil
from pathlib import Path

from filelock import FileLock, Timeout


def clear_checkpoints(folder: Path) -> None:
    """Delete the checkpoints of one fingerprint and the files beside them, unless a process trains it.

    That process needs them, and clears them in its turn. The lock file stays: a process that waits has it open.
    """
    if not folder.is_dir():
        return
    try:
        with FileLock(folder / "lock", timeout=0):
            for path in folder.iterdir():
                if path.is_dir():
                    shutil.rmtree(path)
                elif path.name != "lock":
                    path.unlink()
    except Timeout:
        return
