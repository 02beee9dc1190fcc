"""What a folder and an archive have in common: named files, of which some are never read, with the reason."""

import lzma
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from ganops.data.sources.source import UnreadablePicture
from ganops.errors import DataError

ReadBytes = Callable[[], bytes]
# Of each file, by its name with "/": how to read it, or why it never is.
Files = dict[str, ReadBytes | str]

LINK = "a link, not a picture"
SPECIAL = "neither a file nor a folder"
# As Windows understands it: both slashes part names, and a drive is as absolute as a leading slash.
_CLIMBS = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.($|[/\\])")
_LARGEST_BYTES = 1 << 30
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
    """Whether a file may be meant as a picture: not hidden, nor left behind by git, DVC, a disk or a system."""
    if name == "SOURCE.txt":
        return False
    parts = name.lower().split("/")
    if any(part.startswith(".") or part in _LEFT_BEHIND for part in parts):
        return False
    return not parts[-1].endswith(_LEFT_BEHIND_SUFFIXES) and parts[-1].partition(".")[0] not in _CHECKSUM_FILES


def plain_name(archive: Path, name: str) -> str:
    """The name of an entry without "./" and the like; DataError for one that leads out of the archive."""
    if _CLIMBS.search(name):
        raise unusable(archive, "entries that stay inside the archive", repr(shown(name)), "Pack the folder again.")
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def shown(name: str) -> str:
    """The name as text that every file format takes: bytes that are no UTF-8 are escaped."""
    return name.encode("utf-8", "backslashreplace").decode()


def require_regular_file(path: Path) -> None:
    """Raise a DataError unless `path` is a file or a link to one: to open a pipe waits for its other end, for ever."""
    if not path.is_file():
        received = "a folder, a pipe, a socket or a device" if path.exists() else "no such file"
        raise unusable(path, "a regular file", received, "Put the file itself there.")


def too_large(size: int) -> str | None:
    """Why a file of `size` bytes is never read; None where it may be."""
    return f"{size} bytes, more than any picture has" if size > _LARGEST_BYTES else None


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


def unusable(path: Path, expected: str, received: str, remedy: str) -> DataError:
    """The error of a folder or an archive as a whole."""
    return DataError(shown(str(path)), expected=expected, received=received, remedy=remedy)
