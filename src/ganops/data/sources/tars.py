"""Lists the files inside a tar, which any number of threads can read.

The archive is scanned once for the offset of every file; each file is then read from its offset without a lock. A
compressed archive has no offsets: everything before a picture has to be decompressed first. Its pictures are therefore
copied, in one pass, into an unnamed temporary file (in TMPDIR), which the operating system removes when the program
ends. That costs disk space of the pictures' size, and no memory.
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

from ganops.data.sources.files import (
    LINK,
    SPECIAL,
    Listing,
    ReadBytes,
    describe_expansion_limit,
    find_ignored_part,
    list_files,
    max_unpacked_bytes,
    normalize_entry_name,
    require_regular_file,
    too_large,
    unusable,
)
from ganops.data.sources.source import UnreadablePicture
from ganops.preparation_config import DEFAULT_LIMITS, PictureLimits

_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    RecursionError,
    MemoryError,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
)
_REMEDY = "Pack the folder again; if the disk was full, free space or set TMPDIR to a larger disk."
_DECOMPRESSORS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
# Entries that describe the next one: its long name, its attributes. tarfile reads them into memory.
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
        self._most = max_unpacked_bytes(path.stat().st_size, limits) if opened else sys.maxsize
        self.tell = self._bytes.tell

    def read(self, size: int) -> bytes:
        """Read the next bytes; _TooMuch beyond the limit."""
        self._check(self.tell() + size)
        return self._bytes.read(size)

    def seek(self, position: int) -> int:
        """Seek to a position; _TooMuch beyond the limit."""
        self._check(position)
        return self._bytes.seek(position)

    def _check(self, position: int) -> None:
        if position > self._most:
            raise _TooMuch(describe_expansion_limit(self.limits))


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
    """List every file of the tar (plain, gz, xz or bz2) that may be a picture.

    Raises:
        DataError: not a tar or a damaged one, an entry's name points outside it, it exceeds the limits, or there is no
            disk space for its uncompressed pictures.
    """
    require_regular_file(path)
    try:
        stream = _Stream(path, limits)
        with tarfile.open(fileobj=stream, mode="r:", encoding="utf-8", tarinfo=_Entry) as archive:  # type: ignore[call-overload]
            # Not closed: the files are read later.
            return _index(path, archive, tempfile.TemporaryFile() if stream.is_packed else None, limits)
    except _TooMuch as error:
        raise unusable(path, "a tar of pictures", str(error), "Raise the limit, if you trust the tar.") from None
    except _DAMAGE as error:
        raise unusable(path, "a tar of pictures", str(error), _REMEDY) from None


def _index(path: Path, archive: tarfile.TarFile, unpacked: IO[bytes] | None, limits: PictureLimits) -> Listing:
    source, files, ignored = unpacked or path.open("rb"), dict[str, ReadBytes | str](), list[str]()
    for member in _members(archive):
        name = normalize_entry_name(path, member.name)
        ignored_part = find_ignored_part(name)
        if ignored_part is not None:
            ignored.append(ignored_part)
        elif not member.isdir():
            place = _find_refusal(member, limits) or _place(archive, member, unpacked)
            files[name] = place if isinstance(place, str) else partial(_read, source, place, member.size)
    _check_end(archive)
    source.flush()
    return list_files(files.items(), ignored)


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    position = -1
    while (member := archive.next()) is not None:
        # The size in an entry's attributes may be negative too, and tarfile would read the same entries forever.
        if member.size < 0 or archive.offset <= position:
            raise tarfile.ReadError(f"an entry of {member.size} bytes")
        position = archive.offset
        archive.members.clear()  # type: ignore[attr-defined]  # The library would keep all of them.
        yield member


def _find_refusal(member: tarfile.TarInfo, limits: PictureLimits) -> str | None:
    if member.issym() or member.islnk():
        return LINK
    if not member.isreg() or member.issparse():
        return SPECIAL
    return too_large(member.size, limits)


def _place(archive: tarfile.TarFile, member: tarfile.TarInfo, unpacked: IO[bytes] | None) -> int:
    if unpacked is None:
        return member.offset_data
    place, content = unpacked.tell(), archive.extractfile(member)
    assert content is not None, "only files are copied"
    shutil.copyfileobj(content, unpacked)
    return place


def _check_end(archive: tarfile.TarFile) -> None:
    # The library takes a damaged header for the end; the true end consists of zeros, or of nothing.
    assert archive.fileobj is not None, "open for reading"
    archive.fileobj.seek(archive.offset)
    if archive.fileobj.read(tarfile.BLOCKSIZE).strip(b"\0"):
        raise tarfile.ReadError(f"damaged at byte {archive.offset}")


def _read(source: IO[bytes], place: int, size: int) -> bytes:
    content = os.pread(source.fileno(), size, place)
    if len(content) < size:
        raise UnreadablePicture("the archive ends within this file")
    return content
