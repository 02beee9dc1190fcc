"""One's own pictures: a folder, a zip or a tar (also gz, xz, bz2); `layout` says what its sub-folders mean.

A dataset.json, as StyleGAN's tool writes it beside the pictures, holds the labels; sub-folders then have no meaning.
A folder that holds exactly one archive, or a link to one, and no other file stands for that archive. Hidden files,
SOURCE.txt at the top and what `files` lists are passed over. Whatever else lies there counts as a picture: texts and
tables, which the file's name gives away, and what cannot be read count as bad ones. They have no say in the layout.
Entries of an archive never become files of their own.
"""

from functools import partial
from pathlib import Path

from ganops.config import DEFAULT_LIMITS, ClassKind, PictureLimits
from ganops.data.sources.dataset_json import DATASET_JSON, arrange_by_labels, find_dataset_json, read_dataset_json
from ganops.data.sources.files import Files, Listing, guarded, refuse, shown, unusable
from ganops.data.sources.folders import files_in_folder
from ganops.data.sources.layout import Layout, LoosePicture, ShardsOrClasses, arrange
from ganops.data.sources.source import Reference, Source
from ganops.data.sources.tars import files_in_tar
from ganops.data.sources.zips import files_in_zip
from ganops.errors import DataError

_TARS = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tbz")
_ARCHIVES = (".zip", *_TARS)
_TEXTS = {".txt", ".md", ".rst", ".html", ".htm", ".pdf", ".log", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml"}
_TEXTS |= {".yml", ".py", ".ipynb", ".pkl", ".mat", ".npy", ".npz", ".h5", ".hdf5", ".parquet", ".arrow", ".tfrecord"}
_TEXTS |= {".db", ".sqlite", ".xls", ".xlsx", ".ods", ".doc", ".docx", ".odt"}
_TITLES = {"readme", "license", "licence", "copying", "authors", "notice"}
_LAYOUT = "Put one folder a class into it, or the pictures alone, or exactly one zip or tar."
_ASK = (
    "Set data_preparation.classes to folders if each sub-folder is a class, or to none if the pictures have no classes."
)


def image_folder(path: Path, classes: ClassKind | None = None, limits: PictureLimits = DEFAULT_LIMITS) -> Source:
    """All pictures of the folder or archive `path`, sorted by name.

    Args:
        classes: what sub-folders are; None: classes, unless a dataset.json says the labels.

    Raises:
        DataError: missing, empty, damaged or ambiguous.
    """
    if not path.exists():
        raise _unusable(path, "a folder of pictures, a zip or a tar", "no such path")
    listing = _list(path, limits)
    stated = read_dataset_json(path, listing.files) if classes is None else {}
    labels = {*stated} if classes is None else {*find_dataset_json(listing.files)}
    files = {
        name: "not a picture" if _is_text(name) else file for name, file in listing.files.items() if name not in labels
    }
    pictures = sorted(name for name, file in files.items() if not isinstance(file, str))
    if not pictures:
        raise _unusable(path, "pictures", _described(files))
    layout = arrange_by_labels(path, pictures, stated) if stated else _arrange(path, pictures, classes)
    placed = dict(zip(pictures, zip(layout.labels, layout.test, strict=True), strict=True))
    references = [_reference(name, files, placed) for name in sorted(files)]
    classes_from = DATASET_JSON if stated else "sub-folders"
    return Source(references, tuple(map(shown, layout.classes)), classes_from, listing.passed_over)


def _arrange(path: Path, pictures: list[str], classes: ClassKind | None) -> Layout:
    try:
        return arrange(pictures, classes)
    except LoosePicture as loose:
        received = f"{shown(str(loose))!r} beside the class folders"
        raise _unusable(path, "every picture in the folder of its class", received) from None
    except ShardsOrClasses as shards:
        received = f"sub-folders named {shown(str(shards))}, which may be shards of a large set"
        raise unusable(path, "sub-folders that are clearly classes", received, _ASK) from None


def _reference(name: str, files: Files, placed: dict[str, tuple[int, bool]]) -> Reference:
    file = files[name]
    if isinstance(file, str):
        return Reference(shown(name), partial(refuse, file))
    return Reference(shown(name), partial(guarded, file), *placed[name])


def _list(path: Path, limits: PictureLimits) -> Listing:
    if not path.is_dir():
        return _list_archive(path, limits)
    listing = files_in_folder(path, limits)
    archives = [name for name in listing.files if name.lower().endswith(_ARCHIVES)]
    if len(archives) == 1 and len(listing.files) == 1:
        return _list_archive(path / archives[0], limits)
    if archives:
        received = f"{len(archives)} among {len(listing.files)} files"
        raise _unusable(path, "pictures or exactly one archive", received)
    return listing


def _list_archive(path: Path, limits: PictureLimits) -> Listing:
    return files_in_tar(path, limits) if path.name.lower().endswith(_TARS) else files_in_zip(path, limits)


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
