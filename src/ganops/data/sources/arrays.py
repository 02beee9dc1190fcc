"""Pictures in NumPy's files: one .npz of arrays, or one .npy an array, told by their names.

    pictures    x, images, image, data or arr_0      (N, H, W), (N, H, W, C) or (N, C, H, W), unsigned bytes
    labels      y, labels, label or arr_1            (N,) or (N, 1), integers or texts; none: no classes

Parts are named before or after that: x_train, y_train, x_test and y_test, or train_images and so on; `test` is the test
part. Of four axes that one is the channels whose size is 1 to 4. Other arrays are passed over. A .npy is memory-mapped,
which costs no memory; a .npz is read into memory. Files that hold Python objects are refused: they could run code.
"""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Shaped, UInt8

from ganops.data.sources.parts import PART_NAMES, TEST_NAMES, Part, source_of_parts
from ganops.data.sources.source import Source
from ganops.errors import DataError

_PICTURES = {"x", "images", "image", "data", "arr_0"}
_LABELS = {"y", "labels", "label", "arr_1"}
_TO_BYTES = "Save bytes: (255 * x).round().astype('uint8') for values from 0 to 1, x.astype('uint8') for 0 to 255."
_TO_CHANNELS_LAST = "Save it as (N, height, width, channels), with 1 to 4 channels and more than 4 pixels a side."
_AGAIN = "Save it again, without Python objects, by numpy.save or numpy.savez."
_TO_ONE_LABEL = "Save one integer or text a picture; of one-hot rows, y.argmax(1)."


def arrays(path: Path) -> Source:
    """All pictures of the folder `path`, part after part; DataError: none, unfit, or in doubt which array is what."""
    found = _open(path)
    pictures, labels = _of_parts(path, found, _PICTURES), _of_parts(path, found, _LABELS)
    if not pictures:
        received = ", ".join(sorted(found)) or "none"
        raise _unusable(path, "an array named " + ", ".join(sorted(_PICTURES)), received, "Rename the pictures' array.")
    return source_of_parts(path, [_part(path, found, key, labels.get(part), part) for part, key in pictures.items()])


def channels_last(
    subject: str, pictures: Shaped[np.ndarray, "..."]
) -> UInt8[np.ndarray, "count height width channels"]:
    """The same pictures with their channels last, as a view; DataError where dtype or axes are in doubt."""
    if pictures.dtype != np.uint8:
        raise _unusable(subject, "unsigned bytes (uint8)", str(pictures.dtype), _TO_BYTES)
    if pictures.ndim == 3:
        return pictures[..., np.newaxis]
    candidates = [axis for axis in (1, 3) if pictures.ndim == 4 and 1 <= pictures.shape[axis] <= 4]
    if len(candidates) != 1:
        expected = "one of the axes 1 and 3, the channels, to be 1 to 4"
        raise _unusable(subject, expected, f"the shape {pictures.shape}", _TO_CHANNELS_LAST)
    return np.moveaxis(pictures, candidates[0], 3)


def _open(path: Path) -> Mapping[str, np.ndarray]:
    packed, single = sorted(path.glob("*.npz")), sorted(path.glob("*.npy"))
    if len(packed) + bool(single) > 1:
        received = f"{len(packed)} .npz and {len(single)} .npy"
        raise _unusable(path, "one .npz, or .npy files alone", received, "Leave the others out.")
    try:
        if packed:
            return np.load(packed[0], allow_pickle=False)
        return {file.stem: np.load(file, mmap_mode="r", allow_pickle=False) for file in single}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise _unusable(path, "arrays", str(error), _AGAIN) from None


def _of_parts(path: Path, found: Mapping[str, np.ndarray], names: set[str]) -> dict[str, str]:
    """The array's name of each part; "" is the part without a name."""
    keys: dict[str, str] = {}
    for key in sorted(found):
        part, name = _split(key.lower())
        if name not in names:
            continue
        if part in keys:
            raise _unusable(path, "one array of a kind", f"{keys[part]} and {key}", "Rename or remove one of them.")
        keys[part] = key
    return keys


def _split(key: str) -> tuple[str, str]:
    first, _, rest = key.partition("_")
    start, _, last = key.rpartition("_")
    if first in PART_NAMES:
        return first, rest
    return (last, start) if last in PART_NAMES else ("", key)


def _part(path: Path, found: Mapping[str, np.ndarray], key: str, label: str | None, part: str) -> Part:
    pictures = channels_last(f"{key} in {path}", _array(path, found, key))
    labels = None if label is None else _labels(f"{label} in {path}", _array(path, found, label))
    return Part(key, pictures, labels, part in TEST_NAMES)


def _array(path: Path, found: Mapping[str, np.ndarray], key: str) -> np.ndarray:
    try:
        return found[key]
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise _unusable(f"{key} in {path}", "an array", str(error), _AGAIN) from None


def _labels(subject: str, labels: np.ndarray) -> np.ndarray:
    flat = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if flat.ndim != 1 or flat.dtype.kind not in "iuU":
        raise _unusable(subject, "one integer or text a picture", f"{labels.dtype} {labels.shape}", _TO_ONE_LABEL)
    return np.array(flat, subok=False)


def _unusable(subject: object, expected: str, received: str, remedy: str) -> DataError:
    return DataError(str(subject), expected=expected, received=received, remedy=remedy)
