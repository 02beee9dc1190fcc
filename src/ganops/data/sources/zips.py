"""Lists the files inside a zip, which any number of threads can read."""

import stat
import zipfile
from contextlib import suppress
from functools import partial
from pathlib import Path

from ganops.data.sources.files import (
    LINK,
    SPECIAL,
    Listing,
    ReadBytes,
    check_expansion,
    find_ignored_part,
    list_files,
    normalize_entry_name,
    require_regular_file,
    too_large,
    unusable,
)
from ganops.preparation_config import DEFAULT_LIMITS, PictureLimits

_UTF8_FLAG, _ENCRYPTED_FLAG = 0x800, 0x1


def files_in_zip(path: Path, limits: PictureLimits = DEFAULT_LIMITS) -> Listing:
    """List every file of the zip that may be a picture.

    Raises:
        DataError: not a zip, an entry's name points outside it, or it unpacks to more than the limits allow.
    """
    require_regular_file(path)
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
        raise unusable(path, "a zip of pictures", str(error), "Pack the folder again.") from None
    # Checked before directories are left out: one entry that points outside refuses the whole archive.
    entries = [(normalize_entry_name(path, _name(entry)), entry) for entry in archive.infolist()]
    _check_expansion(path, archive, limits)
    files = [(name, entry) for name, entry in entries if not _is_folder(entry)]
    wanted = ((name, _file(archive, entry, limits)) for name, entry in files if find_ignored_part(name) is None)
    return list_files(wanted, filter(None, (find_ignored_part(name) for name, _ in files)))


def _check_expansion(path: Path, archive: zipfile.ZipFile, limits: PictureLimits) -> None:
    # Entries may overlap, so that several unpack the same packed bytes.
    sizes = [entry.file_size for entry in archive.infolist() if not too_large(entry.file_size, limits)]
    check_expansion(path, "a zip of pictures", sum(sizes), limits)


def _name(entry: zipfile.ZipInfo) -> str:
    name = entry.filename
    if not entry.flag_bits & _UTF8_FLAG:
        # Many programs write UTF-8 without setting the flag; other bytes are in the format's code page.
        raw = name.encode("cp437")
        with suppress(UnicodeDecodeError):
            name = raw.decode("utf-8")
    # The format's only separator is "/"; some Windows programs write backslashes.
    return name.replace("\\", "/")


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.endswith(("/", "\\"))


def _file(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: PictureLimits) -> ReadBytes | str:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return LINK
    if kind not in (0, stat.S_IFREG):
        return SPECIAL
    if entry.flag_bits & _ENCRYPTED_FLAG:
        return "encrypted"
    return too_large(entry.file_size, limits) or partial(_read, archive, entry)


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as file:
        # With a size, because otherwise an entry with a false size is inflated to gigabytes.
        return file.read(entry.file_size)
