"""Data for the benchmarks: a store of random pictures, written without decoding any."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from ganops.data.encodings import ENCODINGS
from ganops.data.manifest import label_field
from ganops.data.store import FieldFormat, PreparedData, Store


def random_store(path: Path, count: int, size: tuple[int, int, int], classes: int) -> Store:
    """Write `count` pictures (C, H, W) of noise, all in the training split."""
    pictures = np.lib.format.open_memmap(path.with_suffix(".npy"), mode="w+", dtype=np.uint8, shape=(count, *size))
    draw = np.random.default_rng(0)
    for start in range(0, count, 1000):
        pictures[start : start + 1000] = draw.integers(0, 256, pictures[start : start + 1000].shape, dtype=np.uint8)
    labels = np.arange(count) % classes
    manifest = pd.DataFrame(
        {
            "index": np.arange(count),
            "file": [f"{k // 1000:04}/{k:08}.png" for k in range(count)],
            "sha256": [hashlib.sha256(str(k).encode()).hexdigest() for k in range(count)],
            "label": labels,
            "split": "train",
            "duplicate_of": -1,
        }
    )
    fields = {"image": FieldFormat("uint8", size, ENCODINGS["image"].name), "label": label_field()}
    names = tuple(map(str, range(classes)))
    arrays = {"image": pictures, "label": labels}
    PreparedData(fields, names, manifest, arrays, np.arange(count)).write(path)
    path.with_suffix(".npy").unlink()
    return Store.open(path)
