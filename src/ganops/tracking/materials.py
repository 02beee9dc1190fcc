"""The files that a run began with, by their looks: whether an interrupted run may be taken up, or is of other data."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ganops.files import read_errors
from ganops.tracking.dataset_logging import dataset_path

_MATERIALS = ("raw_pictures", "store")
_TAG = "looks."


def material_tags(entries: Mapping[str, Mapping[str, Any]], names: Iterable[str] = _MATERIALS) -> dict[str, str]:
    """Tag → looks of each of the named datasets of the catalog that a training's data come from."""
    paths = {name: dataset_path(entries.get(name, {})) for name in names if name in _MATERIALS}
    return {f"{_TAG}{name}": _looks(path) for name, path in paths.items() if path}


def _looks(path: Path) -> str:
    """sha256 of the names, sizes and times of change of the files below; nothing is read, and nothing may be there.

    Raises:
        StorageError: a folder may not be entered.
    """
    lines = []
    with read_errors(path):
        for folder, _, files in os.walk(path):
            for name in files:
                file = Path(folder, name)
                status = file.stat() if file.exists() else file.lstat()  # a link that leads nowhere
                lines.append(f"{file.relative_to(path).as_posix()} {status.st_size} {status.st_mtime_ns}")
    # Names in the system's bytes, which need not be UTF-8.
    return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "surrogateescape")).hexdigest()
