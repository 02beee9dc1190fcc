"""A store of random pictures."""

import sys
from pathlib import Path

import numpy as np
import pytest

from ganops.data.preparation import prepare
from ganops.data.store import Store

from ..data.conftest import PARAMETERS, source_of

# Workers import launch_parts.py by name in a process of their own.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def noise_store(tmp_path_factory) -> Store:
    """200 pictures of uniform noise, 12 × 9, in two classes."""
    generator = np.random.default_rng(0)
    pictures = [generator.integers(0, 256, (12, 9, 1), dtype=np.uint8) for _ in range(200)]
    path = tmp_path_factory.mktemp("noise") / "store"
    prepare(source_of(pictures, [0, 1] * 100, ("a", "b")), PARAMETERS)[0].write(path)
    return Store.open(path)
