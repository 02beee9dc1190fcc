"""From the store to batches of model values on the device."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ganops.config import SplitName
from ganops.data.encodings import ENCODINGS, SAMPLE_FIELDS
from ganops.data.shuffle import sample_indices
from ganops.data.store import Store
from ganops.errors import DataError
from ganops.noise import Noise

# A split of at most this size stays on an accelerator as stored; a larger one is read from the memory map, batch by
# batch. The processor always reads from there: that is as fast as from a copy, which would grow with the data.
RESIDENT_BYTES = 1 << 30


class Loader:
    """Batches of one split, a mapping field → encoded tensor on `device`: image float32 in [−1, 1],
    point float32, label int64.

    Stored values travel, and are encoded where they arrive: an image is a quarter of its float32 size on the way.

    Args:
        fields: names in the store, such as ("image", "label").
        seed: of the shuffled order, and of the mirroring.
        resident_bytes: up to this size the split's stored values stay on the device; None: on an accelerator 1 GiB.
        mirror: whether half of the samples are shown mirrored, left for right: each time one is shown, its position in
            the order decides, for all of its pictures alike.

    Raises:
        DataError: the split is empty, or the store lacks a field or knows no such encoding.
    """

    def __init__(
        self,
        store: Store,
        split: SplitName,
        fields: Sequence[str],
        seed: int,
        device: torch.device | str = "cpu",
        resident_bytes: int | None = None,
        mirror: bool = False,
    ) -> None:
        self.device, self._mirror = torch.device(device), mirror
        self._store, self._fields, self._seed = store, tuple(fields), seed
        self._indices = _filled(store, split)
        self._rows = np.arange(len(self._indices))
        self._encode = {name: ENCODINGS[store.fields[name].encoding] for name in self._known_fields()}
        if resident_bytes is None:
            resident_bytes = 0 if self.device.type == "cpu" else RESIDENT_BYTES
        fits = sum(self._sample_bytes(name) for name in self._fields) * len(self._indices) <= resident_bytes
        self._resident = {name: self._move(name, self._rows) for name in self._fields} if fits else None

    def __len__(self) -> int:
        """Samples of the split."""
        return len(self._indices)

    def batch(self, first: int, count: int) -> dict[str, Tensor]:
        """The samples at positions first … first + count − 1 of the shuffled order, encoded."""
        samples = self._take(sample_indices(self._rows, first, count, self._seed))
        return self._mirrored(samples, Noise(self._seed, first, count, self.device)) if self._mirror else samples

    def _take(self, rows: np.ndarray) -> dict[str, Tensor]:
        if self._resident is None:
            return {name: self._encode[name](self._move(name, rows)) for name in self._fields}
        chosen = torch.from_numpy(rows).to(self.device)
        return {name: self._encode[name](values.index_select(0, chosen)) for name, values in self._resident.items()}

    def _mirrored(self, samples: dict[str, Tensor], noise: Noise) -> dict[str, Tensor]:
        turned = (noise.uniform("mirror") < 0.5)[:, None, None, None]
        pictures = [
            name for name in self._fields if self._store.fields[name].encoding == SAMPLE_FIELDS["image"].encoding
        ]
        return samples | {name: torch.where(turned, samples[name].flip(3), samples[name]) for name in pictures}

    def _move(self, field: str, rows: np.ndarray) -> Tensor:
        values = torch.from_numpy(self._store.read(field, self._indices[rows]))
        return (
            values.pin_memory().to(self.device, non_blocking=True)
            if self.device.type == "cuda"
            else values.to(self.device)
        )

    def _known_fields(self) -> tuple[str, ...]:
        for name in self._fields:
            self._store.read(name, np.zeros(0, dtype=np.int64))
            encoding = self._store.fields[name].encoding
            if encoding not in ENCODINGS:
                known = ", ".join(sorted(ENCODINGS))
                subject = f"encoding of field {name!r} in {self._store.path}"
                remedy = "Prepare the data again with this version of ganops."
                raise DataError(subject, expected=f"one of {known}", received=repr(encoding), remedy=remedy)
        return self._fields

    def _sample_bytes(self, field: str) -> int:
        form = self._store.fields[field]
        return int(np.prod(form.shape, dtype=np.int64)) * np.dtype(form.dtype).itemsize


def _filled(store: Store, split: SplitName) -> np.ndarray:
    indices = store.indices(split)
    if len(indices) == 0:
        raise DataError(
            f"split {split!r} of {store.path}",
            expected="at least one sample",
            received="none",
            remedy=f"Prepare the data again with a share for {split}.",
        )
    return indices
