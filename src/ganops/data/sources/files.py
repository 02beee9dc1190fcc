"""Named files of a folder or an archive: which are read, which are ignored, which are refused and why."""

import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from ganops.data.sources.classes import normalize_name
from ganops.data.sources.source import UnreadablePicture
from ganops.errors import DataError
from ganops.preparation_config import PictureLimits

ReadBytes = Callable[[], bytes]
# Name with "/" → the function that reads the file, or the reason why it is not read.
Files = dict[str, ReadBytes | str]


@dataclass(frozen=True)
class Listing:
    """The files of a folder or an archive, and the names of ignored files and folders."""

    files: Files
    ignored: tuple[str, ...]


LINK = "a link, not a picture"
SPECIAL = "neither a file nor a folder"
# By the rules of Windows: both slashes separate names, and a drive is as absolute as a leading slash.
_CLIMBS = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.($|[/\\])")
_MEGABYTE = 1_000_000
_NAMES_SHOWN = 10
_UNPACKED_ALWAYS = 64 * _MEGABYTE
# Files that systems, disks and programs create among the user's, in lower case. Hidden files are ignored anyway.
_WINDOWS_NAMES = {"thumbs.db", "thumbs.db:encryptable", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "folder.htt"}
_WINDOWS_FOLDERS = {"$recycle.bin", "system volume information", "recycler"}
_MACOS_NAMES = {"__macosx", "icon\r", "icon\uf00d", "network trash folder", "temporary items"}
_NETWORK_DISK_NAMES = {"#recycle", "@recycle", "@recently-snapshot", "#snapshot", "@eadir", "lost+found"}
_PROGRAM_NAMES = {"nohup.out", "picasa.ini", "zbthumbnail.info", "__pycache__"}
_IGNORED_NAMES = _WINDOWS_NAMES | _WINDOWS_FOLDERS | _MACOS_NAMES | _NETWORK_DISK_NAMES | _PROGRAM_NAMES
_CHECKSUM_FILES = {"md5sum", "md5sums", "sha1sum", "sha1sums", "sha256sum", "sha256sums", "checksums"}
_CHECKSUM_SUFFIXES = (".md5", ".sha1", ".sha256", ".sha512", ".sfv", ".crc")
_DOWNLOAD_SUFFIXES = (".aria2", ".crdownload", ".part", ".torrent", ".url")
_IGNORED_SUFFIXES = (".dvc", ".tmp", ".bak", "~", ".swp", ".lnk", *_CHECKSUM_SUFFIXES, *_DOWNLOAD_SUFFIXES)
_DAMAGE = (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)


def is_wanted(name: str) -> bool:
    """Return whether a file may be a picture: not hidden, nor created by git, DVC, a disk or a system."""
    return find_ignored_part(name) is None


def find_ignored_part(name: str) -> str | None:
    """Return the path down to its first ignored part (hidden, or created by a system); None: there is none."""
    parts = name.split("/")
    for depth, part in enumerate(parts, start=1):
        if _is_ignored(part.lower(), is_file=depth == len(parts)):
            return "/".join(parts[:depth])
    return "SOURCE.txt" if name == "SOURCE.txt" else None


def _is_ignored(part: str, *, is_file: bool) -> bool:
    if part.startswith(".") or part in _IGNORED_NAMES:
        return True
    return is_file and (part.endswith(_IGNORED_SUFFIXES) or part.partition(".")[0] in _CHECKSUM_FILES)


def list_files(entries: Iterable[tuple[str, ReadBytes | str]], ignored: Iterable[str]) -> Listing:
    """List the files by their names in Unicode's form NFC; of equal names the last wins, as in unpacking.

    Names that differ only in their Unicode form get a number: café.png and café (2).png.
    """
    files: Files = {}
    for name, file in sorted(dict(entries).items(), key=_normal_first):
        files[_free_name(normalize_name(name), files)] = file
    return Listing(files, tuple(sorted({printable(name) for name in ignored})))


def _normal_first(entry: tuple[str, ReadBytes | str]) -> str:
    return "" if entry[0] == normalize_name(entry[0]) else entry[0]


def _free_name(name: str, taken: Files) -> str:
    folder, slash, file = name.rpartition("/")
    stem, dot, suffix = file.rpartition(".") if "." in file else (file, "", "")
    numbered = (f"{folder}{slash}{stem} ({number}){dot}{suffix}" for number in count(2))
    return next(free for free in chain([name], numbered) if free not in taken)


def normalize_entry_name(archive: Path, name: str) -> str:
    """Return the name of an entry without "./" and the like; DataError: it points outside the archive."""
    if _CLIMBS.search(name):
        raise unusable(archive, "entries that stay inside the archive", repr(printable(name)), "Pack the folder again.")
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def printable(name: str) -> str:
    """Return the name as valid text: bytes that are not UTF-8 are escaped."""
    return name.encode("utf-8", "backslashreplace").decode()


def list_names(names: Iterable[str]) -> str:
    """Join the first few names, and append how many more there are."""
    listed = list(names)
    more = len(listed) - _NAMES_SHOWN
    return ", ".join(listed[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def require_regular_file(path: Path) -> None:
    """Raise a DataError unless `path` is a file or a link to one: opening a pipe would wait for its other end."""
    if not path.is_file():
        received = "a folder, a pipe, a socket or a device" if path.exists() else "no such file"
        raise unusable(path, "a regular file", received, "Replace it by the file itself.")


def too_large(size: int, limits: PictureLimits) -> str | None:
    """Return why a file of `size` bytes is not read; None where it is."""
    if size <= limits.file_megabytes * _MEGABYTE:
        return None
    return f"{size} bytes, more than data_preparation.limits.file_megabytes={limits.file_megabytes} allows"


def max_unpacked_bytes(packed: int, limits: PictureLimits) -> int:
    """Return how many bytes an archive of `packed` bytes may unpack to. Flat line art compresses a lot."""
    return max(_UNPACKED_ALWAYS, packed * limits.expansion)


def describe_expansion_limit(limits: PictureLimits) -> str:
    """Describe an archive that unpacks to more than the limit."""
    return f"more bytes to unpack than data_preparation.limits.expansion={limits.expansion} allows"


def check_expansion(path: Path, expected: str, unpacked: int, limits: PictureLimits) -> None:
    """Raise a DataError if a file of the kind `expected` unpacks to more bytes than the limits allow."""
    if unpacked > max_unpacked_bytes(path.stat().st_size, limits):
        remedy = "Raise data_preparation.limits.expansion, if you trust the file."
        raise unusable(path, expected, describe_expansion_limit(limits), remedy)


def read_or_raise(read: ReadBytes) -> bytes:
    """Return what `read` returns; damage becomes an UnreadablePicture."""
    try:
        return read()
    except _DAMAGE as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadablePicture(f"{type(error).__name__}: {reason}") from None


def raise_unreadable(reason: str) -> bytes:
    """Raise an UnreadablePicture: the reader of a file that is refused."""
    raise UnreadablePicture(reason)


def unusable(subject: Path | str, expected: str, received: str, remedy: str) -> DataError:
    """Make the error of a folder, an archive or a named part of one."""
    return DataError(printable(str(subject)), expected=expected, received=received, remedy=remedy)
