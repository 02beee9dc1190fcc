import os

import pytest

from ganops.files import atomic_folder, atomic_write, preallocate


class Interrupted(BaseException):
    pass


def interrupt(writing):
    with writing as fresh:
        (fresh / "new" if fresh.is_dir() else fresh).write_text("half")
        raise Interrupted


def test_an_interrupted_write_keeps_the_old_file(tmp_path):
    path = tmp_path / "deep" / "file"
    with atomic_write(path) as fresh:
        fresh.write_text("old")
    with pytest.raises(Interrupted):
        interrupt(atomic_write(path))
    assert path.read_text() == "old"
    assert [file.name for file in path.parent.iterdir()] == ["file"]


def test_a_folder_is_replaced_whole(tmp_path):
    path = tmp_path / "folder"
    for names in (("a", "b"), ("c",)):
        with atomic_folder(path) as fresh:
            for name in names:
                (fresh / name).write_text(name)
    assert [file.name for file in path.iterdir()] == ["c"]
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]


def test_an_interrupted_write_keeps_the_old_folder(tmp_path):
    path = tmp_path / "folder"
    with atomic_folder(path) as fresh:
        (fresh / "old").write_text("old")
    with pytest.raises(Interrupted):
        interrupt(atomic_folder(path))
    assert [file.name for file in path.iterdir()] == ["old"]
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]


def test_a_folder_is_restored_where_its_replacement_fails(tmp_path, monkeypatch):
    path = tmp_path / "folder"
    with atomic_folder(path) as fresh:
        (fresh / "old").write_text("old")
    renamed = type(path).rename

    def refuse_new(source, target):
        if source.name.endswith(".new"):
            raise OSError("no space left on device")
        return renamed(source, target)

    monkeypatch.setattr(type(path), "rename", refuse_new)
    with pytest.raises(OSError, match="no space"), atomic_folder(path) as fresh:
        (fresh / "new").write_text("new")
    assert [file.name for file in path.iterdir()] == ["old"]


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="the system reserves nothing")
def test_a_preallocated_file_has_no_holes(tmp_path):
    with (tmp_path / "file").open("wb") as file:
        preallocate(file, 1 << 20)
        status = os.fstat(file.fileno())
    assert status.st_size == 1 << 20 and status.st_blocks * 512 >= 1 << 20


def test_a_link_to_a_folder_is_followed_and_a_link_to_a_file_replaced(tmp_path):
    """The folder may lie on a larger disk; the file may be DVC's."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "old").touch()
    (tmp_path / "folder").symlink_to(elsewhere)
    (tmp_path / "file").symlink_to(elsewhere / "old")
    for name in ("first", "second"):
        with atomic_folder(tmp_path / "folder") as fresh:
            (fresh / name).write_text(name)
    with atomic_write(tmp_path / "file") as fresh:
        fresh.write_text("new")
    assert (tmp_path / "folder").is_symlink() and [file.name for file in elsewhere.iterdir()] == ["second"]
    assert not (tmp_path / "file").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "file", "folder"]
