"""The checkpoints of a training are scratch until its results are saved, and then nobody needs them."""

import shutil
from pathlib import Path

from filelock import FileLock, Timeout

# A training's, and a comparison's of several.
COMPARED = frozenset({"comparison_reports", "comparison_table", "comparison_curves", "comparison_samples"})
TRAINED = frozenset({"settings", "training_state", "bundle", "training_scalars", "training_digests", "snapshots"})


def clear_checkpoints(folder: Path) -> None:
    """Remove the checkpoints of one fingerprint and what lies beside them; nothing happens where there are none.

    The lock is the training's own: one that goes on in another process needs them, and clears them when it is saved.
    The lock's file stays: who waits for it holds it open.
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
