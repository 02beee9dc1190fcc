"""Checkpoints are deleted when a training is saved, and not while another process trains it."""

from pathlib import Path

from filelock import FileLock

from ganops.training.checkpoint import Checkpoints


def test_checkpoints_are_cleared_unless_a_training_holds_the_lock(tmp_path: Path) -> None:
    folder = tmp_path / "abc"
    checkpoints = Checkpoints(folder)
    checkpoints.clear()
    (folder / "snapshots").mkdir(parents=True)
    for name in ("00000000000064.safetensors", "00000000000128.safetensors", "seconds"):
        (folder / name).touch()
    (folder / "snapshots" / "00000000000064.safetensors").touch()
    before = sorted(folder.rglob("*"))
    with FileLock(folder / "lock"):
        checkpoints.clear()
    assert sorted(set(folder.rglob("*")) - {folder / "lock"}) == before
    checkpoints.clear()
    assert set(folder.rglob("*")) <= {folder / "lock"}
