"""Data for the benchmarks: stores of random samples, written without decoding any file."""

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ganops.data.encodings import ENCODINGS, INPUT
from ganops.data.manifest import label_field
from ganops.data.store import FieldFormat, PreparedData, Store
from ganops.data.vocabulary import Vocabulary

PICTURES = FieldFormat("uint8", (3, 32, 32), ENCODINGS["image"].name)
INPUTS = FieldFormat("uint8", (1, 32, 32), INPUT.name)
CLIPS = FieldFormat("int16", (1, 8192), ENCODINGS["wave"].name, sample_rate=8000)
LINES = FieldFormat("int32", (20,), ENCODINGS["tokens"].name)
WORDS = 1000


def random_store(path: Path, count: int, size: tuple[int, int, int], classes: int) -> Store:
    """Write `count` pictures (C, H, W) of noise, all in the training split."""
    return write_store(path, count, {"image": FieldFormat("uint8", size, ENCODINGS["image"].name)}, classes)


def write_store(path: Path, count: int, fields: Mapping[str, FieldFormat], classes: int) -> Store:
    """Write `count` samples of noise with these fields, and labels, all in the training split."""
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
    names = tuple(map(str, range(classes)))
    vocabulary = None
    if "tokens" in fields:
        vocabulary = Vocabulary(tokens="words", entries=("", *(f"w{k}" for k in range(1, WORDS))))
    with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
        arrays = {name: _draw(Path(temporary, f"{name}.npy"), count, made) for name, made in fields.items()}
        formats = {**fields, "label": label_field()}
        prepared = PreparedData(formats, names, manifest, {**arrays, "label": labels}, np.arange(count), vocabulary)
        prepared.write(path)
    return Store.open(path)


def _draw(path: Path, count: int, made: FieldFormat) -> np.ndarray:
    kind = np.dtype(made.dtype)
    values = np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=(count, *made.shape))
    lowest, highest = (1, WORDS) if made == LINES else (np.iinfo(kind).min, np.iinfo(kind).max + 1)
    draw = np.random.default_rng(0)
    for start in range(0, count, 1000):
        rows = values[start : start + 1000]
        values[start : start + 1000] = draw.integers(lowest, highest, rows.shape, dtype=kind)
    return values
