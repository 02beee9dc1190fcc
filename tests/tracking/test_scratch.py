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
    with FileLock(folder / "lock"):
        clear_checkpoints(folder)
    assert len(list(folder.glob("*.safetensors"))) == 2
    clear_checkpoints(folder)
    assert list(folder.glob("*.safetensors")) == []
