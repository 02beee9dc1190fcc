import os
from pathlib import Path

import pytest

from ganops.data.sources.files import is_wanted, require_regular_file
from ganops.errors import DataError

LEFT_BEHIND = [
    *(
        "thumbs.db",
        "Thumbs.db",
        "ehthumbs.db",
        "Desktop.ini",
        "cat/$RECYCLE.BIN/1.png",
        "System Volume Information/1.png",
    ),
    *("Icon\r", "__MACOSX/cat/1.png", ".DS_Store", "cat/._1.png", ".Trash-1000/files/1.png", ".Spotlight-V100/a.png"),
    *(
        "cat/#recycle/1.jpg",
        "cat/@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg",
        "@Recycle/1.png",
        "#snapshot/1.png",
        "lost+found/1",
    ),
    *("checksums.md5", "SHA256SUMS", "md5sums.txt", "1.png.sha256", "cat.dvc", "1.png~", "1.png.part", "SOURCE.txt"),
]


@pytest.mark.parametrize("name", LEFT_BEHIND)
def test_files_of_systems_are_ignored(name: str) -> None:
    assert not is_wanted(name)


@pytest.mark.parametrize(
    "name", ["1.png", "cat/Icon.png", "thumbs/recycle.jpg", "#1/a.png", "@home/1.png", "part/1.bmp"]
)
def test_similar_names_of_users_are_kept(name: str) -> None:
    assert is_wanted(name)


def test_only_a_regular_file_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.zip")
    (tmp_path / "file.zip").touch()
    (tmp_path / "link.zip").symlink_to("file.zip")
    require_regular_file(tmp_path / "file.zip")
    require_regular_file(tmp_path / "link.zip")
    for name, received in (("pipe.zip", "a folder, a pipe"), ("gone.zip", "no such file"), (".", "a folder")):
        with pytest.raises(DataError, match=f"expected a regular file, received {received}"):
            require_regular_file(tmp_path / name)
    with pytest.raises(DataError, match="a regular file"):
        require_regular_file(Path("/dev/zero"))
