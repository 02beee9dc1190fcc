"""Reads files of MNIST's format (idx): one file of pictures and one of labels per part.

    <part>-images-idx3-ubyte  <part>-labels-idx1-ubyte      or with a dot, .idx3-ubyte; each also with .gz

`t10k` and `test` are the test part; files without a part's name are the only part. The name of a data set may come
first, as in emnist-letters-train-images-idx3-ubyte.gz; a folder holds one data set. Each file may be in a folder of its
own. In QMNIST's labels, idx2-int, the first column is the class. If no part has labels there are no classes. A plain
file is memory-mapped, which costs no memory, and preferred to its .gz, which is decompressed into memory.

The format: two zero bytes, 8 for unsigned bytes (12 for 32-bit integers), the number of dimensions, each dimension as a
big-endian 32-bit integer, then the values (https://yann.lecun.com/exdb/mnist/).
"""

import filecmp
import gzip
import math
import re
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from ganops.data.sources.files import (
    check_expansion,
    is_wanted,
    list_names,
    max_unpacked_bytes,
    printable,
    require_regular_file,
    unusable,
)
from ganops.data.sources.parts import PART_NAMES, TEST_NAMES, Part, build_source_from_parts, read_labels
from ganops.data.sources.source import Source
from ganops.errors import DataError
from ganops.preparation_config import DEFAULT_LIMITS, PictureLimits

_NAME = re.compile(r"(?P<part>.*?)[-_.]?(?P<what>images|labels)[-.]idx\d-(ubyte|int)(\.gz)?", re.IGNORECASE)
_EXPECTED = "files named <part>-images-idx3-ubyte and <part>-labels-idx1-ubyte, each also with .gz"
_TEST_PARTS = {"t10k", *TEST_NAMES}
_PARTS = {"t10k", *PART_NAMES}
# Type codes of idx → NumPy types.
_UNSIGNED_BYTES, _INTEGERS = 8, 12
_DTYPES = {_UNSIGNED_BYTES: np.dtype(np.uint8), _INTEGERS: np.dtype(">i4")}
# Class, series, writer and so on: Yadav and Bottou 2019, "Cold case: the lost MNIST digits".
_QMNIST_COLUMNS = 8
_KEEP_ONE = "Keep the files of one data set in the folder, and move the others elsewhere."
# Name of the data set, name of the part.
_PartKey = tuple[str, str]


@dataclass(frozen=True)
class _File:
    """A file of pictures or labels: of the part `part` of the data set `dataset`; each may be ""."""

    path: Path
    dataset: str
    part: str
    what: str


def idx(path: Path, named: Callable[[Any], str] = str, limits: PictureLimits = DEFAULT_LIMITS) -> Source:
    """Return all pictures of the folder `path`, part after part.

    Args:
        path: the folder.
        named: maps a label's value to the name of its class.
        limits: on the size of the unpacked files.

    Raises:
        DataError: no pictures, a damaged file, several data sets, or labels that do not match.
    """
    found, others = _find(path)
    files = {key: _choose(path, same) for key, same in _by_part(found).items()}
    pictures = {part: file for (part, what), file in files.items() if what == "images"}
    labels = {part: file for (part, what), file in files.items() if what == "labels"}
    _require_pictures(path, pictures, labels, others)
    _require_one_data_set(path, found)
    parts = [_part(key, file, labels.get(key), named, limits) for key, file in sorted(pictures.items())]
    return build_source_from_parts(path, parts, [f"files that are not used: {list_names(others)}"] if others else [])


def read_idx(
    file: Path, *headers: tuple[int, int], limits: PictureLimits = DEFAULT_LIMITS
) -> Shaped[np.ndarray, "..."]:
    """Read the values of an idx file.

    Args:
        file: plain or gzipped.
        headers: accepted contents, each a type code and the number of dimensions.
        limits: on the size of the unpacked file.

    Raises:
        DataError: it is damaged, or its contents are not accepted.
    """
    require_regular_file(file)
    try:
        content = _unpack(file, limits) if _is_packed(file) else _map(file)
    except (OSError, EOFError, zlib.error) as error:
        raise _damage_error(file, "an idx file", str(error)) from None
    begins, received = [bytes([0, 0, *header]) for header in headers], content[:4].tobytes()
    if received not in begins:
        expected = " or ".join(begin.hex(" ") for begin in begins)
        raise _damage_error(file, f"an idx file, which begins with {expected}", received.hex(" ") or "no bytes")
    dtype, end = _DTYPES[received[2]], 4 + 4 * received[3]
    sizes = [int.from_bytes(content[at : at + 4].tobytes(), "big") for at in range(4, end, 4)]
    values = content[end:]
    if len(content) < end or len(values) != math.prod(sizes) * dtype.itemsize:
        expected = f"{' × '.join(map(str, (*sizes, dtype.itemsize)))} bytes of values"
        raise _damage_error(file, expected, str(len(values)))
    return values.view(dtype).reshape(sizes)


def _find(path: Path) -> tuple[list[_File], list[str]]:
    """Find the files of this format, and the names of all other files."""
    candidates = [file for top in sorted(path.glob("*")) for file in (sorted(top.glob("*")) if top.is_dir() else [top])]
    names = {file: printable(file.relative_to(path).as_posix()) for file in candidates if not file.is_dir()}
    matches = {file: _NAME.fullmatch(file.name) for file in names}
    others = [name for file, name in names.items() if not matches[file] and is_wanted(name)]
    named = [(file, match["part"].lower(), match["what"].lower()) for file, match in matches.items() if match]
    found = [_File(file, *_split(part), what) for file, part, what in named]
    plain = {file.path for file in found}
    # A plain file replaces its packed one.
    return [file for file in found if not (_is_packed(file.path) and file.path.with_suffix("") in plain)], others


def _split(name: str) -> tuple[str, str]:
    """Split a file's name into those of the data set and of its part."""
    start, _, last = name.rpartition("-") if "-" in name else name.rpartition("_")
    return (start, last) if last in _PARTS else (name, "")


def _by_part(found: Iterable[_File]) -> dict[tuple[_PartKey, str], list[Path]]:
    files: dict[tuple[_PartKey, str], list[Path]] = {}
    for file in found:
        files.setdefault(((file.dataset, file.part), file.what), []).append(file.path)
    return files


def _choose(path: Path, files: list[Path]) -> Path:
    """Return the first of files with equal content, published in two spellings; DataError: they differ."""
    first, *others = files
    for file in files:
        require_regular_file(file)
    different = [file for file in others if not filecmp.cmp(first, file, shallow=False)]
    if different:
        received = " and ".join(file.relative_to(path).as_posix() for file in (first, *different))
        remedy = "Keep one of them, and move the others elsewhere."
        raise unusable(path, "one file of each kind", f"{received}, which differ", remedy)
    return first


def _require_one_data_set(path: Path, found: Iterable[_File]) -> None:
    names = {file.dataset: file.path.name for file in found}
    if len(names) > 1:
        received = list_names(f"{name or 'one without a name'} ({file})" for name, file in sorted(names.items()))
        raise unusable(path, "the files of one data set", received, _KEEP_ONE)


def _require_pictures(
    path: Path, pictures: Mapping[_PartKey, Path], labels: Mapping[_PartKey, Path], others: Sequence[str]
) -> None:
    lonely = [labels[part].name for part in sorted(labels.keys() - pictures.keys())]
    if lonely:
        received = f"no pictures for the labels in {list_names(lonely)}"
    elif not pictures:
        received = f"none of them, but {list_names(others)}" if others else "no such file"
    else:
        return
    raise unusable(path, _EXPECTED, received, "Put them directly into the folder.")


def _part(
    key: _PartKey, pictures: Path, labels: Path | None, named: Callable[[Any], str], limits: PictureLimits
) -> Part:
    values = read_idx(pictures, (_UNSIGNED_BYTES, 3), limits=limits)[..., np.newaxis]
    # Packed or not, a picture has the same name.
    file = printable(pictures.stem if _is_packed(pictures) else pictures.name)
    return Part(file, values, labels and read_labels(_label_values(labels, limits), named), key[1] in _TEST_PARTS)


def _label_values(file: Path, limits: PictureLimits) -> np.ndarray:
    values = read_idx(file, (_UNSIGNED_BYTES, 1), (_INTEGERS, 1), (_INTEGERS, 2), limits=limits)
    if values.ndim == 1:
        return values.astype(values.dtype.newbyteorder("="))
    if values.shape[1] != _QMNIST_COLUMNS:
        raise _damage_error(file, f"{_QMNIST_COLUMNS} numbers per picture, as in QMNIST", str(values.shape[1]))
    return values[:, 0].astype(np.int64)


def _is_packed(file: Path) -> bool:
    return file.suffix.lower() == ".gz"


def _unpack(file: Path, limits: PictureLimits) -> np.ndarray:
    most = max_unpacked_bytes(file.stat().st_size, limits)
    with gzip.open(file) as content:
        values = content.read(most + 1)
    check_expansion(file, "an idx file", len(values), limits)
    return np.frombuffer(values, np.uint8)


def _map(file: Path) -> np.ndarray:
    return np.memmap(file, np.uint8, mode="r") if file.stat().st_size else np.zeros(0, np.uint8)


def _damage_error(file: Path, expected: str, received: str) -> DataError:
    return unusable(file, expected, received, "Remove it, or copy it again as its publisher offers it.")
