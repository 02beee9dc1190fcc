"""The files inside a tar, read by any number of threads.

The archive is gone through once, for the place of every file; each is then read from its place without a lock. In an
archive that is compressed as a whole there are no places: all that lies before a picture has to be decompressed first.
Its pictures are therefore copied, in one pass, into one scratch file without a name, in the directory for temporary
files (TMPDIR), which the operating system frees when the program ends. That costs disk space of the pictures' size, and
no memory.
"""

import io
import lzma
import os
import shutil
import tarfile
import tempfile
import zlib
from functools import partial
from pathlib import Path
from typing import IO

from ganops.data.sources.files import LINK, SPECIAL, Files, is_wanted, plain_name, too_large, unusable
from ganops.data.sources.source import UnreadablePicture

_DAMAGE = (OSError, EOFError, tarfile.TarError, zlib.error, lzma.LZMAError)
_REMEDY = "Pack the folder again; where there was no space, free some or set TMPDIR to a larger disk."


def files_in_tar(path: Path) -> Files:
    """Every wanted file of the tar, plain or gz, xz, bz2; of equal names the last, as unpacking would leave it.

    Raises:
        DataError: no tar or a damaged one, an entry's name leads out of it, or no space for what was compressed.
    """
    try:
        with tarfile.open(path, "r:*", encoding="utf-8") as archive:
            plain = isinstance(archive.fileobj, io.BufferedReader)
            # Left open: the files are read later.
            return _index(path, archive, None if plain else tempfile.TemporaryFile())
    except _DAMAGE as error:
        raise unusable(path, "a tar of pictures", str(error), _REMEDY) from None


def _index(path: Path, archive: tarfile.TarFile, scratch: IO[bytes] | None) -> Files:
    source, files = scratch or path.open("rb"), {}
    while (member := archive.next()) is not None:
        archive.members.clear()  # type: ignore[attr-defined]  # Else the library keeps them all.
        name = plain_name(path, member.name)
        if is_wanted(name) and not member.isdir():
            files[name] = _refused(member) or partial(_read, source, _place(archive, member, scratch), member.size)
    _check_end(archive)
    source.flush()
    return files


def _refused(member: tarfile.TarInfo) -> str | None:
    if member.issym() or member.islnk():
        return LINK
    if not member.isreg() or member.issparse():
        return SPECIAL
    return too_large(member.size)


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
