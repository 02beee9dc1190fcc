"""What a folder and an archive have in common: named files, of which some are never read, with the reason."""

import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from ganops.config import PictureLimits
from ganops.data.sources.classes import normalize_name
from ganops.data.sources.source import UnreadablePicture
from ganops.errors import DataError

ReadBytes = Callable[[], bytes]
# Of each file, by its name with "/": how to read it, or why it never is.
Files = dict[str, ReadBytes | str]


@dataclass(frozen=True)
class Listing:
    """The files of a folder or an archive, and the names of files and folders that are passed over."""

    files: Files
    passed_over: tuple[str, ...]


LINK = "a link, not a picture"
SPECIAL = "neither a file nor a folder"
# As Windows understands it: both slashes part names, and a drive is as absolute as a leading slash.
_CLIMBS = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.($|[/\\])")
_MEGABYTE = 1_000_000
_NAMES_SHOWN = 10
_UNPACKED_ALWAYS = 64 * _MEGABYTE
# What systems, disks and programs leave among one's files, in small letters. Hidden files are passed over anyway.
_LEFT_BEHIND = frozenset(
    {
        # Windows
        *("thumbs.db", "thumbs.db:encryptable", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$recycle.bin"),
        *("system volume information", "recycler", "folder.htt"),
        # macOS
        *("__macosx", "icon\r", "icon\uf00d", "network trash folder", "temporary items"),
        # disks on the network, their caches and recycle bins
        *("#recycle", "@recycle", "@recently-snapshot", "#snapshot", "@eadir", "lost+found"),
        # programs for pictures, and shells
        *("nohup.out", "picasa.ini", "zbthumbnail.info"),
        # notebooks
        "__pycache__",
    }
)
_CHECKSUM_FILES = frozenset({"md5sum", "md5sums", "sha1sum", "sha1sums", "sha256sum", "sha256sums", "checksums"})
_LEFT_BEHIND_SUFFIXES = (
    *(".dvc", ".md5", ".sha1", ".sha256", ".sha512", ".sfv", ".crc", ".aria2", ".crdownload", ".part", ".tmp", ".bak"),
    *("~", ".swp", ".lnk", ".url", ".torrent"),
)
_DAMAGE = (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)


def is_wanted(name: str) -> bool:
    """Return whether a file may be a picture: not hidden, nor left behind by git, DVC, a disk or a system."""
    return left_behind(name) is None


def left_behind(name: str) -> str | None:
    """Return the path down to its first part that is hidden or left behind; None: there is none."""
    parts = name.split("/")
    for depth, part in enumerate(parts, start=1):
        if _is_left_behind(part.lower(), is_file=depth == len(parts)):
            return "/".join(parts[:depth])
    return "SOURCE.txt" if name == "SOURCE.txt" else None


def _is_left_behind(part: str, *, is_file: bool) -> bool:
    if part.startswith(".") or part in _LEFT_BEHIND:
        return True
    return is_file and (part.endswith(_LEFT_BEHIND_SUFFIXES) or part.partition(".")[0] in _CHECKSUM_FILES)


def list_files(entries: Iterable[tuple[str, ReadBytes | str]], passed_over: Iterable[str]) -> Listing:
    """List the files by their names in Unicode's form NFC; the last of equal names counts, as in unpacking.

    Names that differ only in their form get a number: café.png and café (2).png.
    """
    files: Files = {}
    for name, file in sorted(dict(entries).items(), key=_normal_first):
        files[_free_name(normalize_name(name), files)] = file
    return Listing(files, tuple(sorted({shown(name) for name in passed_over})))


def _normal_first(entry: tuple[str, ReadBytes | str]) -> str:
    return "" if entry[0] == normalize_name(entry[0]) else entry[0]


def _free_name(name: str, taken: Files) -> str:
    folder, slash, file = name.rpartition("/")
    stem, dot, suffix = file.rpartition(".") if "." in file else (file, "", "")
    numbered = (f"{folder}{slash}{stem} ({number}){dot}{suffix}" for number in count(2))
    return next(free for free in chain([name], numbered) if free not in taken)


def plain_name(archive: Path, name: str) -> str:
    """The name of an entry without "./" and the like; DataError for one that leads out of the archive."""
    if _CLIMBS.search(name):
        raise unusable(archive, "entries that stay inside the archive", repr(shown(name)), "Pack the folder again.")
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def shown(name: str) -> str:
    """The name as text that every file format takes: bytes that are no UTF-8 are escaped."""
    return name.encode("utf-8", "backslashreplace").decode()


def list_names(names: Iterable[str]) -> str:
    """Join the first few names, and say how many more there are."""
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


def most_unpacked(packed: int, limits: PictureLimits) -> int:
    """Return the bytes that an archive of `packed` bytes may unpack to; flat drawings compress a lot."""
    return max(_UNPACKED_ALWAYS, packed * limits.expansion)


def expands_too_much(limits: PictureLimits) -> str:
    """Say what is wrong with an archive that unpacks to more."""
    return f"more bytes to unpack than data_preparation.limits.expansion={limits.expansion} allows"


def check_expansion(path: Path, expected: str, unpacked: int, limits: PictureLimits) -> None:
    """Raise a DataError where a file, `expected` to be of a kind, unpacks to more bytes than the limits allow."""
    if unpacked > most_unpacked(path.stat().st_size, limits):
        remedy = "Raise data_preparation.limits.expansion, if you trust the file."
        raise unusable(path, expected, expands_too_much(limits), remedy)


def guarded(read: ReadBytes) -> bytes:
    """What `read` gives; any damage is an UnreadablePicture."""
    try:
        return read()
    except _DAMAGE as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadablePicture(f"{type(error).__name__}: {reason}") from None


def refuse(reason: str) -> bytes:
    """UnreadablePicture, for a file that is never read."""
    raise UnreadablePicture(reason)


def unusable(subject: Path | str, expected: str, received: str, remedy: str) -> DataError:
    """Make the error of a folder, an archive or a named part of one."""
    return DataError(shown(str(subject)), expected=expected, received=received, remedy=remedy)
