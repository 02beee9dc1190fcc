import gzip
import io
import os
import tarfile
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ganops.data.sources.files import read_or_raise
from ganops.data.sources.source import UnreadablePicture
from ganops.data.sources.tars import files_in_tar
from ganops.errors import DataError
from ganops.preparation_config import PictureLimits

from .made import TARS, pack_tar, png, tar_entry

PLAIN_AND_COMPRESSED = pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])


def readable(path: Path) -> dict[str, Callable[[], bytes]]:
    return {name: file for name, file in files_in_tar(path).files.items() if not isinstance(file, str)}


@pytest.mark.parametrize("suffix", TARS)
def test_threads_read_what_was_packed(tmp_path: Path, suffix: str) -> None:
    names = [f"{i % 7}/{i}.png" for i in range(200)]
    files = readable(pack_tar(tmp_path / f"a{suffix}", *names))
    assert list(files) == names
    order = names[::-1] + names
    with ThreadPoolExecutor(8) as pool:
        contents = list(pool.map(lambda name: files[name](), order))
    assert contents == [png(names.index(name)) for name in order]


@PLAIN_AND_COMPRESSED
@pytest.mark.parametrize("name", ["../o.png", "cat/../../o.png", "/etc/o.png", "..\\o.png", "C:\\o.png"])
def test_an_entry_outside_the_archive_refuses_it(tmp_path: Path, suffix: str, name: str) -> None:
    path = pack_tar(tmp_path / f"bad{suffix}", "cat/1.png", name)
    with pytest.raises(DataError, match=r"bad\.tar.*: expected entries that stay inside the archive.*o\.png"):
        files_in_tar(path)


@PLAIN_AND_COMPRESSED
def test_links_and_devices_are_never_read(tmp_path: Path, suffix: str) -> None:
    kinds = {"symbolic": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "device": tarfile.CHRTYPE, "pipe": tarfile.FIFOTYPE}
    path = pack_tar(tmp_path / f"a{suffix}")
    with tarfile.open(path, "w:gz" if suffix == ".tar.gz" else "w") as archive:
        archive.addfile(tar_entry("folder", kind=tarfile.DIRTYPE))
        for name, kind in kinds.items():
            archive.addfile(tar_entry(name, kind=kind, target="/etc/passwd"))
    link, special = "a link, not a picture", "neither a file nor a folder"
    assert files_in_tar(path).files == {"symbolic": link, "hard": link, "device": special, "pipe": special}


def test_a_file_above_the_size_limit_is_never_read(tmp_path: Path) -> None:
    header = tar_entry("1.png", (1 << 30) + 1).tobuf()
    with (tmp_path / "a.tar").open("wb") as file:
        file.write(header)
        file.truncate(512 + (1 << 30) + 512 + 1024)  # a hole: no disk space
    assert files_in_tar(tmp_path / "a.tar").files == {
        "1.png": "1073741825 bytes, more than data_preparation.limits.file_megabytes=64 allows"
    }


@PLAIN_AND_COMPRESSED
def test_names_in_any_script_and_in_none(tmp_path: Path, suffix: str) -> None:
    names = ["./猫/1.png", "d\udcffg/2.png"]
    assert list(files_in_tar(pack_tar(tmp_path / f"a{suffix}", *names)).files) == ["猫/1.png", "d\udcffg/2.png"]


@PLAIN_AND_COMPRESSED
def test_the_last_of_equal_names_wins(tmp_path: Path, suffix: str) -> None:
    assert [read() for read in readable(pack_tar(tmp_path / f"a{suffix}", "1.png", "1.png")).values()] == [png(1)]


def test_a_damaged_header_is_not_taken_for_the_end(tmp_path: Path) -> None:
    path = pack_tar(tmp_path / "a.tar", "1.png", "2.png", "3.png")
    content = bytearray(path.read_bytes())
    second = content.index(b"2.png")
    content[second + 148] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match=f"a.tar: expected a tar of pictures, received damaged at byte {second}"):
        files_in_tar(path)
    packed = tmp_path / "b.tar.gz"
    packed.write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(DataError, match=f"damaged at byte {second}"):
        files_in_tar(packed)


@pytest.mark.parametrize("suffix", TARS)
def test_an_archive_that_ends_early_is_refused(tmp_path: Path, suffix: str) -> None:
    path = pack_tar(tmp_path / f"a{suffix}", *(f"{i}.png" for i in range(20)))
    cut = 10_000 if suffix == ".tar" else path.stat().st_size // 2
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"a\.t.*: expected a tar of pictures, received"):
        files_in_tar(path)


def test_a_file_that_is_no_tar_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(png(0) * 9)
    with pytest.raises(DataError, match=r"a\.tar: expected a tar of pictures"):
        files_in_tar(tmp_path / "a.tar")


def test_a_truncated_archive_gives_an_unreadable_picture(tmp_path: Path) -> None:
    path = pack_tar(tmp_path / "a.tar", "1.png")
    (read,) = readable(path).values()
    with path.open("r+b") as file:
        file.truncate(520)
    with pytest.raises(UnreadablePicture, match="the archive ends within this file"):
        read_or_raise(read)


def test_the_temporary_file_contains_only_the_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryFile() as made:
        monkeypatch.setattr("ganops.data.sources.tars.tempfile.TemporaryFile", lambda: made)
        files_in_tar(pack_tar(tmp_path / "a.tgz", ".hidden.png", "1.png", "2.png"))
        made.seek(0)
        assert made.read() == png(1) + png(2)


@PLAIN_AND_COMPRESSED
def test_an_entry_of_negative_size_ends_the_reading(tmp_path: Path, suffix: str) -> None:
    """It sent the reader back to entries that it had read, for ever."""
    negative = tar_entry("2.png")
    header = bytearray(negative.tobuf())
    header[124:136] = (-1024).to_bytes(12, "big", signed=True)
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + 8 * 32 + sum(header[156:512]))
    content = (tar_entry("1.png").tobuf() + bytes(header)) + bytes(1024)
    described = tarfile.TarInfo("3.png")
    described.pax_headers = {"size": "-1024"}
    for name, one in (("header", content), ("attributes", described.tobuf(tarfile.PAX_FORMAT) + bytes(1024))):
        path = tmp_path / f"{name}{suffix}"
        path.write_bytes(gzip.compress(one) if suffix == ".tar.gz" else one)
        with pytest.raises(DataError, match=r"a tar of pictures, received an entry of -\d+ bytes"):
            files_in_tar(path)


@PLAIN_AND_COMPRESSED
@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_that_fills_memory_is_refused(tmp_path: Path, suffix: str, kind: bytes) -> None:
    path = pack_tar(tmp_path / f"a{suffix}")
    with tarfile.open(path, "w:gz" if suffix == ".tar.gz" else "w") as archive:
        archive.addfile(tar_entry("x", 64_001, kind), io.BytesIO(bytes(64_001)))
    allowed = r"data_preparation\.limits\.header_kilobytes=64 allows"
    with pytest.raises(DataError, match=f"a header of 64001 bytes, more than {allowed}"):
        files_in_tar(path)
    with pytest.raises(DataError, match=r"a tar of pictures, received (?!a header)"):
        files_in_tar(path, PictureLimits(header_kilobytes=65))


def test_a_tar_that_expands_a_thousandfold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read or ignored, all entries of a compressed tar are unpacked and count against the limit."""
    monkeypatch.setattr("ganops.data.sources.files._UNPACKED_ALWAYS", 1000)
    path = pack_tar(tmp_path / "a.tar.gz")
    with tarfile.open(path, "w:gz") as archive:
        for name in ("1.png", ".hidden", "2.png"):
            archive.addfile(tar_entry(name, 10**6), io.BytesIO(bytes(10**6)))
    assert len(files_in_tar(path, PictureLimits(expansion=1100)).files) == 2
    with pytest.raises(DataError, match=r"more bytes to unpack than data_preparation\.limits\.expansion=200 allows"):
        files_in_tar(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.tar")
    with pytest.raises(DataError, match="expected a regular file"):
        files_in_tar(tmp_path / "a.tar")
