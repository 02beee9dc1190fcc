"""Draw completed pictures beside what was known of them; write the holes of an evaluation as files."""

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from PIL import Image
from torch import Tensor

from ganops.bundle import Bundle
from ganops.data.encodings import decode, decode_masks
from ganops.data.store import Store
from ganops.evaluation.external_completions import choose_rows, name_files
from ganops.evaluation.paired import Pairing
from ganops.games.game import Batch
from ganops.games.request import GenerationRequest
from ganops.noise import permutation
from ganops.reporting.png import encode_png
from ganops.reporting.sheet import draw_named_rows

_COUNT, _SPLIT, _SEVERAL = 10, "held_out", 4


def draw_completions(bundle: Bundle, store: Store) -> Image.Image:
    """Draw rows of held-out pictures: as they were, with the hole, filled by each baseline, and completed.

    With noise each hole is completed several times.
    """
    pairing = _find_pairing(bundle)
    indices = store.indices(_SPLIT)
    rows = indices[permutation(0, "reporting/completions", 0, len(indices))[:_COUNT]]
    conditions = pairing.read_conditions(store, rows)
    seeds = range(_SEVERAL) if pairing.diversity else range(1)
    completed = [bundle.generate(GenerationRequest(n=len(rows), seed=seed), conditions).values for seed in seeds]
    names = [f"completed {number}" for number in range(1, _SEVERAL + 1)] if pairing.diversity else ["completed"]
    return draw_named_rows(
        {
            "original": torch.from_numpy(store.read(pairing.target, rows)),
            "with the hole": _cut_holes(conditions),
            **{name.replace("_", " "): fill(conditions) for name, fill in pairing.baselines.items()},
            **dict(zip(names, completed, strict=True)),
        }
    )


def make_masks(bundle: Bundle, store: Store, n: int | None) -> dict[str, bytes]:
    """Return the masks of an evaluation: file name → PNG, white where the picture is to be filled."""
    rows = choose_rows(store, n)
    return _encode(rows, decode_masks(_find_pairing(bundle).read_conditions(store, rows)["mask"]))


def make_holes(bundle: Bundle, store: Store, n: int | None) -> dict[str, bytes]:
    """Return the pictures of an evaluation: file name → PNG, grey in the hole."""
    rows = choose_rows(store, n)
    return _encode(rows, _cut_holes(_find_pairing(bundle).read_conditions(store, rows)))


def _find_pairing(bundle: Bundle) -> Pairing:
    pairing = Pairing.of(bundle.game)
    assert pairing is not None, bundle.game
    return pairing


def _cut_holes(conditions: Batch) -> UInt8[Tensor, "n channels height width"]:
    return decode("image", torch.where(conditions["mask"] > 0, 0.0, conditions["image"]))


def _encode(rows: Int64[np.ndarray, " n"], pictures: UInt8[Tensor, "n channels height width"]) -> dict[str, bytes]:
    return dict(zip(name_files(rows), map(encode_png, pictures), strict=True))
