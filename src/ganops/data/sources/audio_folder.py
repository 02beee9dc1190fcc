"""Reads the user's own clips of sound: a folder, a zip or a tar of WAV, FLAC, OGG or MP3 files.

Sub-folders mean what they mean for pictures (`layout`). With `data_preparation.classes` set to names, the class of a
clip is what stands before the first underscore of its file's name: 7 of 7_jackson_32.wav. Texts and tables, recognised
by their names, and files that cannot be decoded count as unreadable clips.
"""

from pathlib import Path

from ganops.data.sources.classes import sort_classes
from ganops.data.sources.files import list_names, printable, unusable
from ganops.data.sources.image_folder import (
    arrange_by_folders,
    describe_unwanted,
    is_text,
    list_entries,
    make_reference,
)
from ganops.data.sources.source import ClipSource
from ganops.preparation_config import DEFAULT_LIMITS, ClassKind, PictureLimits

_LAYOUT = "Put one folder per class into it, or only clips, or exactly one zip or tar."


def audio_folder(path: Path, classes: ClassKind | None = None, limits: PictureLimits = DEFAULT_LIMITS) -> ClipSource:
    """Return all clips of the folder or archive `path`, sorted by name.

    Args:
        path: the folder or archive.
        classes: names: by the names of files; none: no classes; folders or None: by sub-folders, where there are some.
        limits: on the size of files.

    Raises:
        DataError: the path is missing, empty, damaged or ambiguous.
    """
    if not path.exists():
        raise unusable(path, "a folder of clips, a zip or a tar", "no such path", _LAYOUT)
    listing = list_entries(path, limits)
    files = {name: "not a sound" if is_text(name) else file for name, file in listing.files.items()}
    clips = sorted(name for name, file in files.items() if not isinstance(file, str))
    if not clips:
        received = describe_unwanted(files, "clips")
        raise unusable(path, "clips", received, _LAYOUT)
    by_names = classes == "names"
    layout = arrange_by_folders(path, clips, "none" if by_names else classes)
    names, labels = _read_names(path, clips) if by_names else (layout.classes, layout.labels)
    placed = dict(zip(clips, zip(labels, layout.test, strict=True), strict=True))
    references = [make_reference(name, files, placed) for name in sorted(files)]
    classes_from = "names of files" if by_names else "sub-folders"
    return ClipSource(references, tuple(map(printable, names)), classes_from, listing.ignored)


def _read_names(path: Path, clips: list[str]) -> tuple[tuple[str, ...], list[int]]:
    """Return the classes, and the index of each clip's; DataError where a name has no class."""
    parts = [clip.rpartition("/")[2].partition("_") for clip in clips]
    without = [clip for clip, (before, underscore, _) in zip(clips, parts, strict=True) if not (before and underscore)]
    if without:
        raise unusable(
            path,
            "the class before the first underscore of each name, as in 7_jackson_32.wav",
            f"none in {printable(list_names(without))}",
            "Rename them, or set data_preparation.classes to folders or none.",
        )
    classes = sort_classes(before for before, _, _ in parts)
    return classes, [classes.index(before) for before, _, _ in parts]
