"""The files inside a tar, read by any number of threads.

The archive is gone through once, for the place of every file; each is then read from its place without a lock. In an
archive that is compressed as a whole there are no places: all that lies before a picture has to be decompressed first.
Its pictures are therefore copied, in one pass, into one scratch file without a name, in the directory for temporary
files (TMPDIR), which the operating system frees when the program ends. That costs disk space of the pictures' size, and
no memory.
"""

import bz2
import gzip
import lzma
import os
import shutil
import sys
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO

from ganops.config import DEFAULT_LIMITS, PictureLimits
from ganops.data.sources.files import (
    LINK,
    SPECIAL,
    Listing,
    ReadBytes,
    expands_too_much,
    left_behind,
    list_files,
    most_unpacked,
    plain_name,
    require_regular_file,
    too_large,
    unusable,
)
from ganops.data.sources.source import UnreadablePicture

_DAMAGE = (OSError, EOFError, tarfile.TarError, zlib.error, lzma.LZMAError, ValueError, OverflowError)
_DAMAGE += (RecursionError, MemoryError)
_REMEDY = "Pack the folder again; where there was no space, free some or set TMPDIR to a larger disk."
_DECOMPRESSORS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
# Entries that describe the next one: its long name, its attributes. tarfile reads them whole into memory.
_LONG_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_DESCRIPTIONS = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, *_LONG_NAMES)


class _TooMuch(Exception):
    """An archive exceeds a limit; the message names it."""


class _Stream:
    """The unpacked bytes of a tar, readable up to the limit."""

    def __init__(self, path: Path, limits: PictureLimits) -> None:
        with path.open("rb") as file:
            start = file.read(6)
        opened = [opens for magic, opens in _DECOMPRESSORS.items() if start.startswith(magic)]
        self.is_packed, self.limits = bool(opened), limits
        self._bytes: IO[bytes] = opened[0](path) if opened else path.open("rb")
        self._most = most_unpacked(path.stat().st_size, limits) if opened else sys.maxsize
        self.tell = self._bytes.tell

    def read(self, size: int) -> bytes:
        """Read the next bytes; _TooMuch beyond the limit."""
        self._check(self.tell() + size)
        return self._bytes.read(size)

    def seek(self, position: int) -> int:
        """Go to a position; _TooMuch beyond the limit."""
        self._check(position)
        return self._bytes.seek(position)

    def _check(self, position: int) -> None:
        if position > self._most:
            raise _TooMuch(expands_too_much(self.limits))


class _Entry(tarfile.TarInfo):
    """An entry with a valid size and a header that fits into memory."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        limits: PictureLimits = archive.fileobj.limits  # type: ignore[union-attr]
        if self.size < 0:
            raise tarfile.ReadError(f"an entry of {self.size} bytes")
        if self.type in _DESCRIPTIONS and self.size > limits.header_kilobytes * 1000:
            allowed = f"data_preparation.limits.header_kilobytes={limits.header_kilobytes}"
            raise _TooMuch(f"a header of {self.size} bytes, more than {allowed} allows")
        return super()._proc_member(archive)  # type: ignore[misc]


def files_in_tar(path: Path, limits: PictureLimits = DEFAULT_LIMITS) -> Listing:
    """Every wanted file of the tar, plain or gz, xz, bz2.

    Raises:
        DataError: no tar or a damaged one, an entry's name leads out of it, it exceeds the limits, or there is no
            space for what was compressed.
    """
    require_regular_file(path)
    try:
        stream = _Stream(path, limits)
        with tarfile.open(fileobj=stream, mode="r:", encoding="utf-8", tarinfo=_Entry) as archive:  # type: ignore[call-overload]
            # Left open: the files are read later.
            return _index(path, archive, tempfile.TemporaryFile() if stream.is_packed else None, limits)
    except _TooMuch as error:
        raise unusable(path, "a tar of pictures", str(error), "Raise the limit, if you trust the tar.") from None
    except _DAMAGE as error:
        raise unusable(path, "a tar of pictures", str(error), _REMEDY) from None


def _index(path: Path, archive: tarfile.TarFile, scratch: IO[bytes] | None, limits: PictureLimits) -> Listing:
    source, files, passed_over = scratch or path.open("rb"), dict[str, ReadBytes | str](), list[str]()
    for member in _members(archive):
        name = plain_name(path, member.name)
        left = left_behind(name)
        if left is not None:
            passed_over.append(left)
        elif not member.isdir():
            place = _refused(member, limits) or _place(archive, member, scratch)
            files[name] = place if isinstance(place, str) else partial(_read, source, place, member.size)
    _check_end(archive)
    source.flush()
    return list_files(files.items(), passed_over)


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    position = -1
    while (member := archive.next()) is not None:
        # The size in an entry's attributes may be negative too, and tarfile would read the same entries for ever.
        if member.size < 0 or archive.offset <= position:
            raise tarfile.ReadError(f"an entry of {member.size} bytes")
        position = archive.offset
        archive.members.clear()  # type: ignore[attr-defined]  # Else the library keeps them all.
        yield member


def _refused(member: tarfile.TarInfo, limits: PictureLimits) -> str | None:
    if member.issym() or member.islnk():
        return LINK
    if not member.isreg() or member.issparse():
        return SPECIAL
    return too_large(member.size, limits)


def _place(archive: tarfile.TarFile, member: tarfile.TarInfo, scratch: IO[bytes] | None) -> int:
    if scratch is None:
        return member.offset_data
    place, content = scratch.tell(), archive.extractfile(member)
    assert content is not None, "only files are copied"
    shutil.copyfileobj(content, scratch)
    return place


def _check_end(archive: tarfile.TarFile) -> None:
    # The library takes a damaged header for the end; the true end is zeros, or nothing.
    assert archive.fileobj is not None, "open for reading"
    archive.fileobj.seek(archive.offset)
    if archive.fileobj.read(tarfile.BLOCKSIZE).strip(b"\0"):
        raise tarfile.ReadError(f"damaged at byte {archive.offset}")


def _read(source: IO[bytes], place: int, size: int) -> bytes:
    content = os.pread(source.fileno(), size, place)
    if len(content) < size:
        raise UnreadablePicture("the archive ends within it")
    return content
