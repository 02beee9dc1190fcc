"""Small stores and pictures shared by the tests of data."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from ganops.data.preparation import prepare
from ganops.data.sources.source import SampleRef, Source, UnreadablePicture
from ganops.data.store import Store

from .. import parameters as of_base

PARAMETERS = of_base.data_preparation(validation_share=0.2, held_out_share=0.2, seed=7)


def constant(value: int, height: int = 4, width: int = 4, channels: int = 1) -> np.ndarray:
    return np.full((height, width, channels), value, dtype=np.uint8)


def raise_unreadable(reason: str) -> np.ndarray:
    raise UnreadablePicture(reason)


def source_of(pictures: list[np.ndarray], labels: list[int], classes: tuple[str, ...]) -> Source:
    references = [
        SampleRef(f"{i}.png", partial(np.copy, picture), label)
        for i, (picture, label) in enumerate(zip(pictures, labels, strict=True))
    ]
    return Source(references, classes)


@pytest.fixture
def source() -> Source:
    """Forty distinct pictures of 4 × 4, of the classes a (30) and b (10)."""
    return source_of([constant(i) for i in range(40)], [0] * 30 + [1] * 10, ("a", "b"))


@pytest.fixture
def store(source: Source, tmp_path: Path) -> Store:
    prepare(source, PARAMETERS)[0].write(tmp_path / "store")
    return Store.open(tmp_path / "store")


@pytest.fixture
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Return a function that reads a folder: file name → bytes."""
    return lambda folder: {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
