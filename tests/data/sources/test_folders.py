import os
from pathlib import Path

import pytest

from ganops.data.sources.files import read_or_raise
from ganops.data.sources.folders import files_in_folder
from ganops.data.sources.source import UnreadablePicture
from ganops.errors import DataError

from .made import fill, png


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    fill(tmp_path / "elsewhere", "out.png")
    fill(tmp_path / "pictures", "cat/1.png", "dog/2.png")
    return tmp_path / "pictures"


def described(folder: Path) -> dict[str, bytes | str]:
    return {name: file if isinstance(file, str) else file() for name, file in files_in_folder(folder).files.items()}


def test_links_inside_the_folder_are_read(folder: Path) -> None:
    (folder / "cat" / "link.png").symlink_to("../dog/2.png")
    (folder / "pets").symlink_to(folder / "dog")
    assert described(folder) == {
        "cat/1.png": png(0),
        "cat/link.png": png(1),
        "dog/2.png": png(1),
        "pets/2.png": png(1),
    }


def test_links_out_of_the_folder_are_followed(folder: Path) -> None:
    """DVC and hubs of data sets keep the bytes in their caches and link to them."""
    cache = folder.parent / "cache"
    fill(cache, "ab/cdef", "tree/3.png", "tree/deep/4.png")
    (cache / "tree" / "back").symlink_to(folder)
    (cache / "tree" / "again").symlink_to(cache / "tree")
    (folder / "cat" / "file.png").symlink_to(cache / "ab" / "cdef")
    (folder / "owl").symlink_to(cache / "tree")
    (folder / "owl2").symlink_to("../cache/tree")
    (folder / "everything").symlink_to(folder.parent)
    assert described(folder) == {
        "cat/1.png": png(0),
        "cat/file.png": png(0),
        "dog/2.png": png(1),
        "everything": "a link to a folder that contains it",
        "owl/3.png": png(1),
        "owl/again": "a link to a folder that contains it",
        "owl/back": "a link to a folder that contains it",
        "owl/deep/4.png": png(2),
        "owl2": "a second link to a folder",
    }


def test_broken_links_are_reported(folder: Path) -> None:
    (folder / "nothing.png").symlink_to("gone.png")
    (folder / "self.png").symlink_to("self.png")
    (folder / "device.png").symlink_to("/dev/zero")
    reasons = {name: file for name, file in files_in_folder(folder).files.items() if isinstance(file, str)}
    assert reasons == {
        "device.png": "neither a file nor a folder",
        "nothing.png": "a broken link",
        "self.png": "a broken link",
    }


def test_links_make_no_loops(folder: Path) -> None:
    (folder / "dog" / "up").symlink_to("..")
    (folder / "cat" / "dogs").symlink_to("../dog")
    (folder / "dog" / "cats").symlink_to("../cat")
    found = described(folder)
    assert {name for name, content in found.items() if content == png(0)} >= {"cat/1.png"}
    assert found["dog/up"] == "a link to a folder that contains it"
    assert len(found) <= 2 * 2 + 5
    assert "a second link to a folder" in found.values()


def test_the_folder_itself_may_be_a_link(folder: Path) -> None:
    (folder.parent / "here").symlink_to(folder)
    assert described(folder.parent / "here") == described(folder)


def test_pipes_and_devices_are_never_opened(folder: Path) -> None:
    os.mkfifo(folder / "cat" / "pipe.png")
    assert files_in_folder(folder).files["cat/pipe.png"] == "neither a file nor a folder"


def test_hidden_folders_are_not_entered(folder: Path) -> None:
    fill(folder, ".git/1.png", "cat/.cache/2.png", "__MACOSX/cat/1.png")
    assert sorted(described(folder)) == ["cat/1.png", "dog/2.png"]
    assert files_in_folder(folder).ignored == (".git", "__MACOSX", "cat/.cache")


def test_a_file_above_the_size_limit_is_never_read(folder: Path) -> None:
    with (folder / "cat" / "1.png").open("wb") as file:
        file.truncate(64_000_001)
    read = files_in_folder(folder).files["cat/1.png"]
    assert not isinstance(read, str)
    with pytest.raises(
        UnreadablePicture, match=r"64000001 bytes, more than data_preparation\.limits\.file_megabytes=64"
    ):
        read_or_raise(read)


def test_a_folder_that_cannot_be_listed_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("ganops.data.sources.folders.os.scandir", denied)
    with pytest.raises(DataError, match=r"pictures: expected a folder that can be listed, received Permission denied"):
        files_in_folder(folder)
