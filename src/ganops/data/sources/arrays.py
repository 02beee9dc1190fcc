"""Reads pictures from NumPy's files, .npz and .npy; the names of the arrays state their contents.

    pictures    x, images, image, imgs, pictures, data or arr_0     (N, H, W), (N, H, W, C) or (N, C, H, W)
    labels      y, labels, label, targets, target, cls or arr_1     (N,) or (N, 1), whole numbers or texts

Without labels there are no classes; −1, NaN and "" mean no label. The name is that of the array, or of a file with one
array: images.npy, k49-train-labels.npz. The part precedes or follows it, or is in the file's name: x_train, y_train,
x_test and y_test, train_images and so on, or images and labels in train.npz and in test.npz; `test` is the test part.
With four axes, the axis of size 1 to 4 is the channels. A note lists the arrays that are not used.
A .npy is memory-mapped, which costs no memory; a .npz is read into memory. Files with Python objects are refused,
because they could run code.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from ganops.data.sources.array_values import find_conversion
from ganops.data.sources.files import list_names, printable, unusable
from ganops.data.sources.npy import StoredArray, open_npy, open_npz
from ganops.data.sources.parts import PART_NAMES, TEST_NAMES, Labels, Part, build_source_from_parts, read_labels
from ganops.data.sources.source import Source
from ganops.preparation_config import DEFAULT_LIMITS, PictureLimits

_PICTURES = {"x", "images", "image", "imgs", "pictures", "data", "arr_0"}
_LABELS = {"y", "labels", "label", "targets", "target", "cls", "arr_1"}
_TO_CHANNELS_LAST = "Save it as (N, height, width, channels), with 1 to 4 channels and more than 4 pixels a side."
_TO_ONE_LABEL = "Save one integer or text per picture; for one-hot rows, y.argmax(1)."
_RENAME = "Rename one of them, as x_train beside x_test, or move it out of the folder."


@dataclass(frozen=True)
class _Named:
    """An array under the name used in messages. The part may be ""; kind: pictures, labels, or "" for neither."""

    name: str
    kind: str
    part: str
    array: StoredArray


def arrays(path: Path, limits: PictureLimits = DEFAULT_LIMITS) -> Source:
    """Return all pictures of the folder `path`, part after part; `limits` bounds the size of the unpacked arrays.

    Raises:
        DataError: no arrays, unsuitable ones, or ambiguous names.
    """
    found = _find(path, limits)
    pictures, labels = (_by_part(path, found, kind) for kind in ("pictures", "labels"))
    if not pictures:
        received = list_names(sorted(one.name for one in found)) or "none"
        expected = "an array named one of " + ", ".join(sorted(_PICTURES))
        raise unusable(path, expected, received, "Rename the array of the pictures to x.")
    lonely = [labels[part].name for part in sorted(labels.keys() - pictures.keys())]
    if lonely:
        received = f"{list_names(lonely)} beside {list_names(one.name for one in pictures.values())}"
        raise unusable(
            path, "labels named like their pictures, as x_train and y_train", received, "Rename the arrays that way."
        )
    unused = sorted(f"{one.name} {one.array.shape}" for one in found if not one.kind)
    notes = [f"arrays that are not used: {list_names(unused)}"] if unused else []
    return build_source_from_parts(path, [_part(path, one, labels.get(part)) for part, one in pictures.items()], notes)


def channels_last(
    subject: str, pictures: Shaped[np.ndarray, "..."]
) -> Shaped[np.ndarray, "count height width channels"]:
    """Return the same pictures with their channels last, as a view; DataError: the axes are ambiguous."""
    if pictures.ndim == 3:
        return pictures[..., np.newaxis]
    candidates = [axis for axis in (1, 3) if pictures.ndim == 4 and 1 <= pictures.shape[axis] <= 4]
    if len(candidates) != 1:
        expected = "exactly one of the axes 1 and 3, the channels, of size 1 to 4"
        raise unusable(subject, expected, f"the shape {pictures.shape}", _TO_CHANNELS_LAST)
    return np.moveaxis(pictures, candidates[0], 3)


def _find(path: Path, limits: PictureLimits) -> list[_Named]:
    """List every array of the folder, sorted by the names of files and arrays."""
    found = [_name(printable(file.stem), printable(file.stem), open_npy(file), "") for file in _files(path, ".npy")]
    packed = _files(path, ".npz")
    for file in packed:
        within = f"{printable(file.name)}/" if len(packed) + len(found) > 1 else ""
        opened = open_npz(file, limits)
        named_by_file = list(opened) == ["arr_0"] and _kind_and_part(file.stem, prefixed=True)[0]
        stem = printable(file.stem)
        names = {key: stem if named_by_file else key for key in sorted(opened)}
        found += [_name(name, stem, opened[key], within) for key, name in names.items()]
    return found


def _files(path: Path, suffix: str) -> list[Path]:
    return [file for file in sorted(path.glob("*")) if file.suffix.lower() == suffix and not file.name.startswith(".")]


def _name(key: str, file: str, array: StoredArray, within: str) -> _Named:
    kind, part = _kind_and_part(key, prefixed=key == file)
    return _Named(within + key, kind, part or _kind_and_part(file, prefixed=True)[1], array)


def _kind_and_part(name: str, *, prefixed: bool) -> tuple[str, str]:
    """Return kind and part of an array of this name; prefixed: the name of a data set may come first."""
    words = re.split("[-_.]", name.lower())
    at = next((at for at in (0, -1, *range(1, len(words))) if words[at] in PART_NAMES), None)
    part = "" if at is None else words.pop(at)
    candidates = {"_".join(words), *(words[-1:] if prefixed else ())}
    kinds = {"pictures": _PICTURES, "labels": _LABELS}
    return next((kind for kind, names in kinds.items() if candidates & names), ""), part


def _by_part(path: Path, found: Iterable[_Named], kind: str) -> dict[str, _Named]:
    of_part: dict[str, _Named] = {}
    for one in found:
        if one.kind != kind:
            continue
        if one.part in of_part:
            raise unusable(path, f"one array of {kind} per part", f"{of_part[one.part].name} and {one.name}", _RENAME)
        of_part[one.part] = one
    return of_part


def _part(path: Path, pictures: _Named, labels: _Named | None) -> Part:
    subject = f"{pictures.name} in {printable(str(path))}"
    values = channels_last(subject, pictures.array.load())
    known = labels and _labels(f"{labels.name} in {printable(str(path))}", labels.array)
    return Part(pictures.name, values, known, pictures.part in TEST_NAMES, find_conversion(subject, values))


def _labels(subject: str, stored: StoredArray) -> Labels:
    shape = stored.shape[:1] if stored.shape[1:] == (1,) else stored.shape
    try:
        if len(shape) != 1:
            raise ValueError(f"{stored.dtype}")
        return read_labels(stored.load().reshape(shape))
    except ValueError as error:
        received = f"{error} of the shape {stored.shape}"
        raise unusable(subject, "one integer or text per picture", received, _TO_ONE_LABEL) from None
