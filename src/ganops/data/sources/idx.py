"""Files of MNIST's format (idx): of each part one of pictures and one of labels.

    <part>-images-idx3-ubyte  <part>-labels-idx1-ubyte      or with a dot, .idx3-ubyte; each also with .gz

`t10k` and `test` are the test part; files without a part's name are the only part. Where no part has labels there are
no classes. A plain file is memory-mapped, which costs no memory, and preferred to its .gz, which is decompressed whole
into memory.

The format: two zero bytes, 8 for unsigned bytes, the number of dimensions, each dimension as a big-endian 32-bit
integer, then the values (https://yann.lecun.com/exdb/mnist/).
"""

import gzip
import math
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from ganops.data.sources.parts import TEST_NAMES, Part, source_of_parts
from ganops.data.sources.source import Source
from ganops.errors import DataError

_NAME = re.compile(r"(?P<part>.*?)[-_.]?(?P<what>images|labels)[-.]idx[13]-ubyte(\.gz)?", re.IGNORECASE)
_EXPECTED = "files named <part>-images-idx3-ubyte and <part>-labels-idx1-ubyte, each also with .gz"
_UNSIGNED_BYTES = 8


def idx(path: Path, named: Callable[[Any], str] = str) -> Source:
    """All pictures of the folder `path`, part after part.

    Args:
        named: the name of a class, from a label's value.

    Raises:
        DataError: no pictures, a damaged file, or labels that do not fit.
    """
    pictures, labels = _files(path, "images"), _files(path, "labels")
    if not pictures or labels.keys() - pictures.keys():
        lonely = ", ".join(sorted(file.name for file in labels.values()))
        received = f"no pictures, and labels in {lonely}" if lonely else "no such file"
        raise _unusable(path, _EXPECTED, received, "Put them right into the folder.")
    parts = [_part(name, file, labels.get(name)) for name, file in pictures.items()]
    return source_of_parts(path, parts, named)


def read_idx(file: Path, dimensions: int) -> UInt8[np.ndarray, "..."]:
    """The values of an idx file of unsigned bytes; DataError where it is damaged or has other dimensions."""
    try:
        content = np.frombuffer(gzip.decompress(file.read_bytes()), np.uint8) if _is_packed(file) else _mapped(file)
    except (OSError, EOFError, zlib.error) as error:
        raise _unusable(file, "an idx file", str(error)) from None
    expected, received = bytes([0, 0, _UNSIGNED_BYTES, dimensions]), content[:4].tobytes()
    if received != expected:
        raise _unusable(file, f"an idx file, which begins with {expected.hex(' ')}", received.hex(" ") or "no bytes")
    shape = content[4 : 4 + 4 * dimensions].tobytes()
    sizes = [int.from_bytes(shape[at : at + 4], "big") for at in range(0, len(shape), 4)]
    values = content[4 + 4 * dimensions :]
    if len(sizes) < dimensions or len(values) != math.prod(sizes):
        raise _unusable(file, f"{' × '.join(map(str, sizes))} bytes of values", f"{len(values)}")
    return values.reshape(sizes)


def _files(path: Path, what: str) -> dict[str, Path]:
    found: dict[str, Path] = {}
    # The packed ones first, so that a plain one takes the place of its packed one.
    for file in sorted(path.glob("*"), key=lambda file: (not _is_packed(file), file.name)):
        match = _NAME.fullmatch(file.name)
        if match and match["what"].lower() == what:
            found[match["part"].lower()] = file
    return dict(sorted(found.items()))


def _part(name: str, pictures: Path, labels: Path | None) -> Part:
    values = read_idx(pictures, dimensions=3)[..., np.newaxis]
    # Packed or not, a picture has the same name.
    shown = pictures.stem if _is_packed(pictures) else pictures.name
    return Part(shown, values, labels and read_idx(labels, dimensions=1), name in {"t10k", *TEST_NAMES})


def _is_packed(file: Path) -> bool:
    return file.suffix.lower() == ".gz"


def _mapped(file: Path) -> np.ndarray:
    return np.memmap(file, np.uint8, mode="r") if file.stat().st_size else np.zeros(0, np.uint8)


def _unusable(
    path: Path, expected: str, received: str, remedy: str = "Remove it, or copy it again as its publisher offers it."
) -> DataError:
    return DataError(str(path), expected=expected, received=received, remedy=remedy)
