"""Real pictures beside generated ones: what was to be learned, and what was."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from PIL import Image

from ganops.data.store import Store
from ganops.noise import permutation
from ganops.reporting.samples import SEED, SamplerLike, shown_rows
from ganops.reporting.sheet import Block, draw_sheet
from ganops.sampling import GenerationRequest

SPLIT = "train"
_COLUMNS = 5


def real_beside_generated(generator: SamplerLike, store: Store) -> Image.Image:
    """A row a class: five training pictures, drawn by address, and five samples; without classes any of either."""
    rows = shown_rows(generator)
    real = [torch.from_numpy(store.read(store.sample_field, chosen)) for chosen in _chosen(store, rows.labels)]
    generated = [
        generator.generate(GenerationRequest(n=_COLUMNS, seed=SEED + row, class_label=label)).values
        for row, label in enumerate(rows.labels)
    ]
    return draw_sheet([Block(real, f"real ({SPLIT})"), Block(generated, "generated")], rows.names, rows.note)


def _chosen(store: Store, labels: Sequence[int | None]) -> Iterator[np.ndarray]:
    """Positions in the store, a row at a time; no picture twice, and so fewer where a class is small."""
    indices = store.indices(SPLIT)
    of_class = store.manifest["label"].to_numpy()[indices]
    for row, label in enumerate(labels):
        candidates, first = (indices, row * _COLUMNS) if label is None else (indices[of_class == label], 0)
        order = permutation(SEED, "reporting/real", -1 if label is None else label, len(candidates))
        yield candidates[order[first : first + _COLUMNS]]
