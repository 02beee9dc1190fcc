import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from ganops.data.decoding import decode
from ganops.data.sources.files import max_unpacked_bytes, read_or_raise
from ganops.data.sources.source import UnreadablePicture
from ganops.data.sources.zips import files_in_zip
from ganops.errors import DataError
from ganops.preparation_config import DEFAULT_LIMITS, PictureLimits

from .made import pack_zip, png


def patched(path: Path, signature: bytes, offset: int, value: bytes) -> Path:
    """Return the bytes `offset` after the first occurrence of the header's signature replaced."""
    content = bytearray(path.read_bytes())
    at = content.index(signature) + offset
    content[at : at + len(value)] = value
    path.write_bytes(bytes(content))
    return path


CENTRAL, LOCAL = b"PK\x01\x02", b"PK\x03\x04"


def test_a_damaged_entry_is_one_bad_picture(tmp_path: Path) -> None:
    path = patched(pack_zip(tmp_path / "pets.zip", "1.png", "2.png"), b"IDAT", 6, b"\0\0\0")
    first, second = (files_in_zip(path).files[name] for name in ("1.png", "2.png"))
    assert not isinstance(first, str) and not isinstance(second, str)
    with pytest.raises(UnreadablePicture, match="CRC"):
        read_or_raise(first)
    assert decode(read_or_raise(second))[0, 0, 0] == 1


@pytest.mark.parametrize("name", ["../o.png", "cat/../../o.png", "/etc/o.png", "..\\o.png", "C:\\o.png", "c:o.png"])
def test_an_entry_outside_the_archive_refuses_it(tmp_path: Path, name: str) -> None:
    pack_zip(tmp_path / "bad.zip", "cat/1.png", name)
    with pytest.raises(DataError, match=r"bad\.zip: expected entries that stay inside the archive.*o\.png"):
        files_in_zip(tmp_path / "bad.zip")


def test_a_folder_outside_the_archive_refuses_it(tmp_path: Path) -> None:
    pack_zip(tmp_path / "bad.zip", "../out/")
    with pytest.raises(DataError, match="stay inside"):
        files_in_zip(tmp_path / "bad.zip")


@pytest.mark.parametrize(
    ("kind", "reason"), [(stat.S_IFLNK, "a link, not a picture"), (stat.S_IFIFO, "neither a file nor a folder")]
)
def test_links_and_devices_are_never_read(tmp_path: Path, kind: int, reason: str) -> None:
    entry = zipfile.ZipInfo("link.png")
    entry.create_system, entry.external_attr = 3, (kind | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    assert files_in_zip(tmp_path / "a.zip").files == {"link.png": reason}


def test_encrypted_entries_are_named(tmp_path: Path) -> None:
    path = patched(pack_zip(tmp_path / "a.zip", "1.png"), CENTRAL, 8, struct.pack("<H", 1))
    assert files_in_zip(path).files == {"1.png": "encrypted"}


def test_a_file_above_the_size_limit_is_never_read(tmp_path: Path) -> None:
    path = patched(pack_zip(tmp_path / "a.zip", "1.png"), CENTRAL, 24, struct.pack("<I", (1 << 30) + 1))
    assert files_in_zip(path).files == {
        "1.png": "1073741825 bytes, more than data_preparation.limits.file_megabytes=64 allows"
    }


def test_an_entry_is_cut_at_its_declared_size(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.png", bytes(50_000_000))
    (read,) = files_in_zip(patched(tmp_path / "a.zip", CENTRAL, 24, struct.pack("<I", 100))).files.values()
    assert not isinstance(read, str)
    with pytest.raises(UnreadablePicture, match="CRC"):
        read_or_raise(read)


def test_names_in_any_script(tmp_path: Path) -> None:
    names = ("猫/1.png", "собака/2.png", "été/3.png")
    assert list(files_in_zip(pack_zip(tmp_path / "a.zip", *names)).files) == list(names)


def test_utf8_names_without_their_flag(tmp_path: Path) -> None:
    path = pack_zip(tmp_path / "a.zip", "猫.png")
    for header, offset in ((LOCAL, 6), (CENTRAL, 8)):
        patched(path, header, offset, struct.pack("<H", 0))
    assert list(files_in_zip(path).files) == ["猫.png"]
    # 0x82 alone is no UTF-8: the format's own code page, in which it is é.
    for header, offset in ((LOCAL, 30), (CENTRAL, 46)):
        patched(path, header, offset, b"\x82ab")
    assert list(files_in_zip(path).files) == ["éab.png"]


def test_backslashes_of_windows_programs_separate_folders(tmp_path: Path) -> None:
    assert list(files_in_zip(pack_zip(tmp_path / "a.zip", "cat\\1.png", "./dog//2.png")).files) == [
        "cat/1.png",
        "dog/2.png",
    ]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_last_of_equal_names_wins(tmp_path: Path) -> None:
    (read,) = files_in_zip(pack_zip(tmp_path / "a.zip", "1.png", "1.png")).files.values()
    assert not isinstance(read, str)
    assert read() == png(1)


def test_a_file_that_is_no_zip_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(png(0))
    with pytest.raises(DataError, match=r"a\.zip: expected a zip of pictures, received File is not a zip file"):
        files_in_zip(tmp_path / "a.zip")


def test_entries_that_unpack_to_much_more_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganops.data.sources.files._UNPACKED_ALWAYS", 1000)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.png", bytes(10**6))
    assert len(files_in_zip(tmp_path / "a.zip", PictureLimits(expansion=1000)).files) == 1
    with pytest.raises(DataError, match=r"more bytes to unpack than data_preparation\.limits\.expansion=200 allows"):
        files_in_zip(tmp_path / "a.zip")


def test_masks_that_compress_well_are_within_the_limit() -> None:
    packed, masks, latents = 26_700_000, 737_280 * 64 * 64, 737_280 * 12 * 8  # dSprites, as its publisher packs it
    assert max_unpacked_bytes(packed, DEFAULT_LIMITS) > masks + latents


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.zip")
    with pytest.raises(DataError, match="expected a regular file"):
        files_in_zip(tmp_path / "a.zip")
