"""Reads the user's own pictures: a folder, a zip or a tar (also gz, xz, bz2); `layout` interprets the sub-folders.

A dataset.json, as StyleGAN's tool writes it beside the pictures, contains the labels; sub-folders then have no meaning.
A folder with exactly one archive, or a link to one, and no other file is read as that archive. Hidden files, SOURCE.txt
at the top and the names listed in `files` are ignored. Every other file counts as a picture: texts and tables,
recognised by their names, and files that cannot be read count as unreadable pictures and do not affect the layout.
Archives are never unpacked to disk.
"""

from functools import partial
from pathlib import Path

from ganops.data.sources.dataset_json import DATASET_JSON, arrange_by_labels, find_dataset_json, read_dataset_json
from ganops.data.sources.files import Files, Listing, printable, raise_unreadable, read_or_raise, unusable
from ganops.data.sources.folders import files_in_folder
from ganops.data.sources.layout import Layout, LoosePicture, ShardsOrClasses, arrange
from ganops.data.sources.source import SampleRef, Source
from ganops.data.sources.tars import files_in_tar
from ganops.data.sources.zips import files_in_zip
from ganops.errors import DataError
from ganops.preparation_config import DEFAULT_LIMITS, ClassKind, PictureLimits

_TARS = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tbz")
_ARCHIVES = (".zip", *_TARS)
_DOCUMENTS = {".txt", ".md", ".rst", ".html", ".htm", ".pdf", ".log", ".doc", ".docx", ".odt", ".py", ".ipynb"}
_TABLES = {".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".xls", ".xlsx", ".ods", ".db", ".sqlite"}
_ARRAYS = {".pkl", ".mat", ".npy", ".npz", ".h5", ".hdf5", ".parquet", ".arrow", ".tfrecord"}
_TEXTS = _DOCUMENTS | _TABLES | _ARRAYS
_TITLES = {"readme", "license", "licence", "copying", "authors", "notice"}
_LAYOUT = "Put one folder per class into it, or only pictures, or exactly one zip or tar."
_ASK = (
    "Set data_preparation.classes to folders if each sub-folder is a class, or to none if the pictures have no classes."
)


def image_folder(path: Path, classes: ClassKind | None = None, limits: PictureLimits = DEFAULT_LIMITS) -> Source:
    """Return all pictures of the folder or archive `path`, sorted by name.

    Args:
        path: the folder or archive.
        classes: meaning of sub-folders; None: classes, unless a dataset.json contains labels.
        limits: on the size of files.

    Raises:
        DataError: the path is missing, empty, damaged or ambiguous.
    """
    if not path.exists():
        raise _unusable(path, "a folder of pictures, a zip or a tar", "no such path")
    listing = list_entries(path, limits)
    stated = read_dataset_json(path, listing.files) if classes is None else {}
    labels = {*stated} if classes is None else {*find_dataset_json(listing.files)}
    files = {
        name: "not a picture" if is_text(name) else file for name, file in listing.files.items() if name not in labels
    }
    pictures = sorted(name for name, file in files.items() if not isinstance(file, str))
    if not pictures:
        raise _unusable(path, "pictures", describe_unwanted(files, "pictures"))
    layout = arrange_by_labels(path, pictures, stated) if stated else arrange_by_folders(path, pictures, classes)
    placed = dict(zip(pictures, zip(layout.labels, layout.test, strict=True), strict=True))
    references = [make_reference(name, files, placed) for name in sorted(files)]
    classes_from = DATASET_JSON if stated else "sub-folders"
    return Source(references, tuple(map(printable, layout.classes)), classes_from, listing.ignored)


def arrange_by_folders(path: Path, pictures: list[str], classes: ClassKind | None) -> Layout:
    """Return class and part of each file by its sub-folders; DataError: their meaning is in doubt."""
    try:
        return arrange(pictures, classes)
    except LoosePicture as loose:
        received = f"{printable(str(loose))!r} beside the class folders"
        raise _unusable(path, "every picture in the folder of its class", received) from None
    except ShardsOrClasses as shards:
        received = f"sub-folders named {printable(str(shards))}, which may be shards of a large set"
        raise unusable(path, "sub-folders that are clearly classes", received, _ASK) from None


def make_reference(name: str, files: Files, placed: dict[str, tuple[int, bool]]) -> SampleRef:
    """Return the reference to a file, or to one that is refused."""
    file = files[name]
    if isinstance(file, str):
        return SampleRef(printable(name), partial(raise_unreadable, file))
    return SampleRef(printable(name), partial(read_or_raise, file), *placed[name])


def list_entries(path: Path, limits: PictureLimits) -> Listing:
    """List the files of a folder, or of the one archive in it, or of an archive."""
    if not path.is_dir():
        return _list_archive(path, limits)
    listing = files_in_folder(path, limits)
    archives = [name for name in listing.files if name.lower().endswith(_ARCHIVES)]
    if len(archives) == 1 and len(listing.files) == 1:
        return _list_archive(path / archives[0], limits)
    if archives:
        received = f"{len(archives)} among {len(listing.files)} files"
        raise _unusable(path, "single files or exactly one archive", received)
    return listing


def _list_archive(path: Path, limits: PictureLimits) -> Listing:
    return files_in_tar(path, limits) if path.name.lower().endswith(_TARS) else files_in_zip(path, limits)


def is_text(name: str) -> bool:
    """Return whether a file is a text, a table or an array by its name."""
    file = name.rpartition("/")[2].lower()
    return file in _TITLES or f".{file.rpartition('.')[2]}" in _TEXTS


def describe_unwanted(files: Files, wanted: str) -> str:
    """Return how many files there are, and why the first is not read."""
    if not files:
        return "none"
    name = min(files)
    return f"{len(files)} files that are not {wanted}, the first {printable(name)!r}: {files[name]}"


def _unusable(path: Path, expected: str, received: str) -> DataError:
    return unusable(path, expected, received, _LAYOUT)
