"""Checkpoints go when the training is saved, and only then."""

from pathlib import Path

from filelock import FileLock

from ganops.tracking.scratch import clear_checkpoints


def test_checkpoints_go_unless_a_training_holds_the_lock(tmp_path: Path) -> None:
    folder = tmp_path / "abc"
    clear_checkpoints(folder)
    folder.mkdir()
    for images in (64, 128):
        (folder / f"{images:014d}.safetensors").touch()
    (folder / "snapshots").mkdir()
    for file in (folder / "seconds", folder / "snapshots" / f"{64:014d}.safetensors"):
        file.touch()
    before = sorted(folder.rglob("*"))
    with FileLock(folder / "lock"):
        clear_checkpoints(folder)
    assert sorted(set(folder.rglob("*")) - {folder / "lock"}) == before
    clear_checkpoints(folder)
    assert set(folder.rglob("*")) <= {folder / "lock"}
