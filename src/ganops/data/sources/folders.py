"""Lists the files below a folder.

Links are followed, also out of the folder, because DVC and hubs link to pictures in their caches. A linked folder is
entered once, and never if it contains the link or the root, which would be a loop. Broken links, pipes and devices are
reported and not read.
"""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ganops.data.sources.files import SPECIAL, Listing, ReadBytes, find_ignored_part, list_files, too_large, unusable
from ganops.data.sources.source import UnreadablePicture
from ganops.preparation_config import DEFAULT_LIMITS, PictureLimits


def files_in_folder(path: Path, limits: PictureLimits = DEFAULT_LIMITS) -> Listing:
    """List every file below `path` that may be a picture; DataError: a folder cannot be listed."""
    ignored: list[str] = []
    try:
        return list_files(_walk(path, limits, ignored), ignored)
    except OSError as error:
        remedy = "Grant permission to list and enter it (chmod u+rx)."
        raise unusable(
            Path(error.filename or path), "a folder that can be listed", str(error.strerror), remedy
        ) from None


def _walk(root: Path, limits: PictureLimits, ignored: list[str]) -> Iterator[tuple[str, ReadBytes | str]]:
    followed, folders = set[Path](), [""]
    while folders:
        folder = folders.pop()
        # Sorted, so that of two links to a folder the same one is always followed.
        for name, entry in _entries(root, folder):
            if find_ignored_part(name) is not None:
                ignored.append(name)
                continue
            problem = _find_link_problem(root / name, root, followed) if entry.is_symlink() else None
            if problem is None and entry.is_dir():
                folders.append(f"{name}/")
            elif problem is None and entry.is_file():
                yield name, partial(_read, f"{root}/{name}", limits)
            else:
                yield name, problem or SPECIAL


def _entries(root: Path, folder: str) -> list[tuple[str, os.DirEntry[str]]]:
    with os.scandir(root / folder) as entries:
        return sorted(((f"{folder}{entry.name}", entry) for entry in entries), key=lambda named: named[0])


def _find_link_problem(link: Path, root: Path, followed: set[Path]) -> str | None:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return "a broken link"
    if not target.is_dir():
        return None
    if link.parent.resolve().is_relative_to(target) or root.resolve().is_relative_to(target):
        return "a link to a folder that contains it"
    if target in followed:
        return "a second link to a folder"
    followed.add(target)
    return None


def _read(file: str, limits: PictureLimits) -> bytes:
    # One open, without a buffer or a Path: for small pictures these cost as much as reading.
    with open(file, "rb", buffering=0) as opened:  # noqa: PTH123
        reason = too_large(os.fstat(opened.fileno()).st_size, limits)
        if reason is not None:
            raise UnreadablePicture(reason)
        return opened.read()
