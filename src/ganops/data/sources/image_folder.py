"""One's own pictures: a folder or a zip, whose sub-folders are the classes; without sub-folders there are none.

Pictures without classes can be prepared and trained on, but not judged: the evaluation's features are those of a
classifier of the classes.

A folder that holds exactly one zip and no other picture stands for that zip. Folders that wrap everything are looked
through, so `pets.zip` with `pets/cat/1.png` and `pets/dog/2.png` has the classes cat and dog. Hidden files, SOURCE.txt
at the top, DVC's *.dvc and what operating systems leave behind are passed over. Nothing is ever unpacked to disk.
"""

import os
import zipfile
from collections.abc import Callable, Iterable
from functools import partial
from itertools import takewhile
from pathlib import Path, PurePosixPath

from ganops.data.sources.source import Reference, Source, UnreadablePicture
from ganops.data.store import NO_CLASS
from ganops.errors import DataError

_LEFT_BEHIND = ("__MACOSX", "Thumbs.db", "desktop.ini")
_LAYOUT = "Put one folder a class into it, or the pictures alone, or exactly one zip."

ReadBytes = Callable[[], bytes]


def image_folder(path: Path) -> Source:
    """All pictures of the folder or zip `path`, sorted by name; DataError where it is missing, empty or ambiguous."""
    if not path.exists():
        raise _unusable(path, "a folder of pictures or a zip", "no such path")
    files = _files_of(path)
    if not files:
        raise _unusable(path, "pictures", "none")
    names = sorted(files)
    labels, classes = _classes(path, names)
    return Source([Reference(n, partial(_load, files[n]), k) for n, k in zip(names, labels, strict=True)], classes)


def _load(read_bytes: ReadBytes) -> bytes:
    try:
        return read_bytes()
    except (OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadablePicture(f"{type(error).__name__}: {reason}") from None


def _files_of(path: Path) -> dict[str, ReadBytes]:
    if path.is_file():
        return _in_zip(path)
    files = _in_folder(path)
    archives = [name for name in files if name.lower().endswith(".zip")]
    if len(archives) == 1 and len(files) == 1:
        return _in_zip(path / archives[0])
    if archives:
        raise _unusable(path, "pictures or exactly one zip", f"{len(archives)} zip among {len(files)} files")
    return files


def _in_folder(path: Path) -> dict[str, ReadBytes]:
    found = (Path(folder, file) for folder, _, files in os.walk(path) for file in files)
    named = {file.relative_to(path).as_posix(): file for file in found}
    return {name: named[name].read_bytes for name in _wanted(named)}


def _in_zip(path: Path) -> dict[str, ReadBytes]:
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise _unusable(path, "a zip of pictures", str(error)) from None
    entries = {entry.filename: entry for entry in archive.infolist() if not entry.is_dir()}
    for name in entries:
        if name.startswith(("/", "\\")) or ".." in PurePosixPath(name.replace("\\", "/")).parts:
            raise _unusable(path, "entries that stay inside the zip", repr(name), "Pack the folder again.")
    return {name: partial(archive.read, entries[name]) for name in _wanted(entries)}


def _wanted(names: Iterable[str]) -> list[str]:
    return [name for name in names if _is_wanted(name)]


def _is_wanted(name: str) -> bool:
    if name == "SOURCE.txt" or name.endswith(".dvc"):
        return False
    return not any(part.startswith(".") or part in _LEFT_BEHIND for part in PurePosixPath(name).parts)


def _classes(path: Path, names: list[str]) -> tuple[list[int], tuple[str, ...]]:
    folders = [PurePosixPath(name).parent.parts for name in names]
    # What the first and the last in order share, all share.
    pairs = zip(min(folders), max(folders), strict=False)
    wrapping = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    tops = [parts[wrapping : wrapping + 1] for parts in folders]
    if not any(tops):
        return [NO_CLASS] * len(names), ()
    if not all(tops):
        loose = names[tops.index(())]
        raise _unusable(path, "every picture in the folder of its class", f"{loose!r} beside the class folders")
    classes = sorted({top[0] for top in tops})
    index = {name: label for label, name in enumerate(classes)}
    return [index[top[0]] for top in tops], tuple(classes)


def _unusable(path: Path, expected: str, received: str, remedy: str = _LAYOUT) -> DataError:
    return DataError(str(path), expected=expected, received=received, remedy=remedy)
