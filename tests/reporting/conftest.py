"""Small stores of pictures that all differ."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from ganops.data.preparation import prepare
from ganops.data.sources.source import SampleRef, Source
from ganops.data.store import Store

from .. import parameters as of_base


def noise_store(path: Path, classes: tuple[str, ...]) -> Store:
    """Prepare 600 pictures (1, 6, 6) of noise; the label is the index modulo the number of classes."""
    pictures = np.random.default_rng(0).integers(0, 256, (600, 6, 6, 1), dtype=np.uint8)
    labels = np.arange(600) % len(classes) if classes else np.full(600, -1)
    references = [SampleRef(f"{i}.png", partial(np.copy, pictures[i]), int(label)) for i, label in enumerate(labels)]
    prepare(Source(references, classes), of_base.data_preparation())[0].write(path)
    return Store.open(path)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return noise_store(tmp_path_factory.mktemp("reporting") / "store", ("a", "b", "c"))


@pytest.fixture(scope="session")
def unlabelled(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return noise_store(tmp_path_factory.mktemp("reporting") / "store", ())
