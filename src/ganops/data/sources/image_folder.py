"""One's own pictures: a folder, a zip or a tar (also gz, xz, bz2); `layout` says what its sub-folders mean.

A folder that holds exactly one archive, or a link to one, and no other file stands for that archive. Hidden files,
SOURCE.txt at the top, DVC's *.dvc and what operating systems leave behind are passed over. Whatever else lies there
counts as a picture: texts and tables, which the file's name gives away, and what cannot be read count as bad ones. They
have no say in the layout. Entries of an archive never become files of their own.
"""

from functools import partial
from pathlib import Path

from ganops.data.sources.files import Files, guarded, refuse, shown, unusable
from ganops.data.sources.folders import files_in_folder
from ganops.data.sources.layout import LoosePicture, arrange
from ganops.data.sources.source import Reference, Source
from ganops.data.sources.tars import files_in_tar
from ganops.data.sources.zips import files_in_zip
from ganops.errors import DataError

_TARS = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tbz")
_ARCHIVES = (".zip", *_TARS)
_TEXTS = {".txt", ".md", ".rst", ".html", ".htm", ".pdf", ".log", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml"}
_TEXTS |= {".yml", ".py", ".ipynb", ".pkl", ".mat"}
_TITLES = {"readme", "license", "licence", "copying", "authors", "notice"}
_LAYOUT = "Put one folder a class into it, or the pictures alone, or exactly one zip or tar."


def image_folder(path: Path) -> Source:
    """All pictures of the folder or archive `path`, sorted by name; DataError: missing, empty, damaged or ambiguous."""
    if not path.exists():
        raise _unusable(path, "a folder of pictures, a zip or a tar", "no such path")
    files = {name: "not a picture" if _is_text(name) else file for name, file in _files_of(path).items()}
    pictures = sorted(name for name, file in files.items() if not isinstance(file, str))
    if not pictures:
        raise _unusable(path, "pictures", _described(files))
    try:
        layout = arrange(pictures)
    except LoosePicture as loose:
        received = f"{shown(str(loose))!r} beside the class folders"
        raise _unusable(path, "every picture in the folder of its class", received) from None
    placed = dict(zip(pictures, zip(layout.labels, layout.test, strict=True), strict=True))
    references = [_reference(name, files, placed) for name in sorted(files)]
    return Source(references, tuple(shown(name) for name in layout.classes))


def _reference(name: str, files: Files, placed: dict[str, tuple[int, bool]]) -> Reference:
    file = files[name]
    if isinstance(file, str):
        return Reference(shown(name), partial(refuse, file))
    return Reference(shown(name), partial(guarded, file), *placed[name])


def _files_of(path: Path) -> Files:
    if path.is_file():
        return _files_in_archive(path)
    files = files_in_folder(path)
    archives = [name for name in files if name.lower().endswith(_ARCHIVES)]
    if len(archives) == 1 and len(files) == 1:
        return _files_in_archive(path / archives[0])
    if archives:
        raise _unusable(path, "pictures or exactly one archive", f"{len(archives)} among {len(files)} files")
    return files


def _files_in_archive(path: Path) -> Files:
    return files_in_tar(path) if path.name.lower().endswith(_TARS) else files_in_zip(path)


def _is_text(name: str) -> bool:
    file = name.rpartition("/")[2].lower()
    return file in _TITLES or f".{file.rpartition('.')[2]}" in _TEXTS


def _described(files: Files) -> str:
    if not files:
        return "none"
    name = min(files)
    return f"{len(files)} files that are none, the first {shown(name)!r}: {files[name]}"


def _unusable(path: Path, expected: str, received: str) -> DataError:
    return unusable(path, expected, received, _LAYOUT)
