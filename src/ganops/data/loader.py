"""From the store to batches of model values on the device."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ganops.config import SplitName
from ganops.data.encodings import ENCODINGS_BY_NAME, Encoding
from ganops.data.shuffle import ORDER, sample_indices
from ganops.data.store import Store
from ganops.errors import DataError
from ganops.noise import Noise

# A split of at most this size stays on an accelerator as stored; a larger one is read from the memory map, batch by
# batch. The processor always reads from there: that is as fast as from a copy, which would grow with the data.
RESIDENT_BYTES = 1 << 30


class Read(NamedTuple):
    """A field of the store that is read into a batch.

    Attributes:
        name: under which it stands in the batch.
        field: of the store.
        where: the class that its samples have: they come in an order of their own. None: all samples, in one order.
        order: the stream of that order; of another one, samples are joined to others by chance.
    """

    name: str
    field: str
    where: int | None = None
    order: str = ORDER


def read_fields(*fields: str) -> tuple[Read, ...]:
    """Return reads of fields under their own names, without conditions."""
    return tuple(Read(field, field) for field in fields)


class Loader:
    """Batches of one split, a mapping name → encoded tensor on `device`.

    Images are float32 in [−1, 1], points float32, labels int64. Stored values are transferred, and encoded on the
    device: an image is a quarter of its float32 size on the way.

    Args:
        store: the data set.
        split: of the store.
        reads: the fields of a batch.
        seed: of the shuffled order, and of the mirroring.
        device: of the batches.
        resident_bytes: up to this size the split's stored values stay on the device; None: on an accelerator 1 GiB.
        mirror: whether half of the samples are mirrored, left for right: the position in the order decides, for all
            pictures of a sample alike.

    Raises:
        DataError: the split is empty, or the store lacks a field or has an unknown encoding.
    """

    def __init__(
        self,
        store: Store,
        split: SplitName,
        reads: Sequence[Read],
        seed: int,
        device: torch.device | str = "cpu",
        resident_bytes: int | None = None,
        mirror: bool = False,
    ) -> None:
        self.device, self._mirror = torch.device(device), mirror
        self._store, self._reads, self._seed = store, tuple(reads), seed
        self._indices = _find_indices(store, split)
        self._rows = {where: self._find_rows(split, where) for where in {read.where for read in self._reads}}
        self._encodings = {read.field: self._find_encoding(read.field) for read in self._reads}
        if resident_bytes is None:
            resident_bytes = 0 if self.device.type == "cpu" else RESIDENT_BYTES
        fits = sum(self._sample_bytes(field) for field in self._encodings) * len(self._indices) <= resident_bytes
        everything = np.arange(len(self._indices))
        self._resident = {field: self._transfer(field, everything) for field in self._encodings} if fits else None

    def __len__(self) -> int:
        """Return the number of samples in the split."""
        return len(self._indices)

    def batch(self, first: int, count: int) -> dict[str, Tensor]:
        """Return the samples at positions first … first + count − 1 of the shuffled order, encoded."""
        orders = {(read.where, read.order) for read in self._reads}
        rows = {key: sample_indices(self._rows[key[0]], first, count, self._seed, key[1]) for key in orders}
        samples = {read.name: self._take(read.field, rows[read.where, read.order]) for read in self._reads}
        return self._mirror_half(samples, Noise(self._seed, first, count, self.device)) if self._mirror else samples

    def _take(self, field: str, rows: np.ndarray) -> Tensor:
        if self._resident is None:
            return self._encodings[field].encode(self._transfer(field, rows))
        chosen = torch.from_numpy(rows).to(self.device)
        return self._encodings[field].encode(self._resident[field].index_select(0, chosen))

    def _mirror_half(self, samples: dict[str, Tensor], noise: Noise) -> dict[str, Tensor]:
        flipped = (noise.uniform("mirror") < 0.5)[:, None, None, None]
        pictures = [read.name for read in self._reads if self._encodings[read.field].is_picture]
        return samples | {name: torch.where(flipped, samples[name].flip(3), samples[name]) for name in pictures}

    def _transfer(self, field: str, rows: np.ndarray) -> Tensor:
        values = torch.from_numpy(self._store.read(field, self._indices[rows]))
        return (
            values.pin_memory().to(self.device, non_blocking=True)
            if self.device.type == "cuda"
            else values.to(self.device)
        )

    def _find_rows(self, split: SplitName, where: int | None) -> np.ndarray:
        if where is None:
            return np.arange(len(self._indices))
        rows = np.flatnonzero(self._store.read("label", self._indices) == where)
        if len(rows) == 0:
            raise _empty(self._store, f"split {split!r}, class {where},")
        return rows

    def _find_encoding(self, field: str) -> Encoding:
        self._store.read(field, np.zeros(0, dtype=np.int64))  # Raises where the store lacks the field.
        name = self._store.fields[field].encoding
        if name in ENCODINGS_BY_NAME:
            return ENCODINGS_BY_NAME[name]
        known = ", ".join(sorted(ENCODINGS_BY_NAME))
        subject = f"encoding of field {field!r} in {self._store.path}"
        remedy = "Prepare the data again with this version of ganops."
        raise DataError(subject, expected=f"one of {known}", received=repr(name), remedy=remedy)

    def _sample_bytes(self, field: str) -> int:
        form = self._store.fields[field]
        return int(np.prod(form.shape, dtype=np.int64)) * np.dtype(form.dtype).itemsize


def _find_indices(store: Store, split: SplitName) -> np.ndarray:
    indices = store.indices(split)
    if len(indices) == 0:
        raise _empty(store, f"split {split!r}")
    return indices


def _empty(store: Store, subject: str) -> DataError:
    return DataError(
        f"{subject} of {store.path}",
        expected="at least one sample",
        received="none",
        remedy="Prepare the data again with a larger share for it.",
    )
