"""The files below a folder.

A link is followed where its target lies inside the folder, and a linked folder once, so that no link makes a loop. All
other links, and what is no file at all, are named and never read.
"""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ganops.data.sources.files import SPECIAL, Files, ReadBytes, is_wanted, too_large, unusable
from ganops.data.sources.source import UnreadablePicture

_OUTSIDE = "a link that leads out of the folder"


def files_in_folder(path: Path) -> Files:
    """Every wanted file below `path`; DataError where a folder cannot be listed."""
    try:
        return dict(_walk(path))
    except OSError as error:
        raise unusable(Path(error.filename or path), "a folder that can be listed", str(error.strerror), "") from None


def _walk(root: Path) -> Iterator[tuple[str, ReadBytes | str]]:
    inside, followed, folders = root.resolve(), set[Path](), [""]
    while folders:
        folder = folders.pop()
        with os.scandir(root / folder) as entries:
            # In order, so that the same one of two links to a folder is the first.
            named = sorted((f"{folder}{entry.name}", entry) for entry in entries if is_wanted(f"{folder}{entry.name}"))
        for name, entry in named:
            refused = _refused_link(root / name, inside, followed) if entry.is_symlink() else None
            if refused is None and entry.is_dir():
                folders.append(f"{name}/")
            elif refused is None and entry.is_file():
                yield name, partial(_read, root / name)
            else:
                yield name, refused or SPECIAL


def _refused_link(link: Path, inside: Path, followed: set[Path]) -> str | None:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        return "a link to nothing"
    if not target.is_relative_to(inside):
        return _OUTSIDE
    if target.is_file():
        return None
    if link.parent.resolve().is_relative_to(target):
        return "a link to a folder that it lies in"
    if target in followed:
        return "a second link to a folder"
    followed.add(target)
    return None


def _read(file: Path) -> bytes:
    reason = too_large(file.stat().st_size)
    if reason is not None:
        raise UnreadablePicture(reason)
    return file.read_bytes()
