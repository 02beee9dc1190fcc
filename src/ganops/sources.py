"""Which code ran, by its bytes."""

import hashlib
from collections.abc import Callable
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def source_digest(counts: Callable[[str], bool] = lambda part: True) -> str:
    """sha256 of the package's sources, names and contents.

    Args:
        counts: whether a part, `noise.py` or the package `data`, is among them.
    """
    digest = hashlib.sha256()
    for file in sorted(_PACKAGE.rglob("*.py")):
        name = file.relative_to(_PACKAGE)
        if counts(name.parts[0]):
            digest.update(name.as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
