"""The field `mask` of a store: masks of the user's own files, one for each picture.

A few masks serve many pictures: row i has one of them, each equally often, by an order that the seed draws. A training
reads the field in an order of its own (`loader.Read`), so that a picture has another mask in each epoch; an evaluation
reads the mask of the picture's row.
"""

import hashlib
from typing import Any

import numpy as np
from jaxtyping import Int64, UInt8

from ganops.data.encodings import MASK
from ganops.data.mask_files import read_mask
from ganops.data.preparation_report import describe_skipped
from ganops.data.raw_samples import check_tolerated, split_outcomes, temporary_array
from ganops.data.sources.source import Source, UnreadablePicture
from ganops.data.store import FieldFormat, PreparedData
from ganops.noise import permutation
from ganops.preparation_config import DataPreparationParameters

FIELD = "mask"
_ROWS_AT_ONCE = 1024
_MOST_COVERED = 0.5

Masks = UInt8[np.ndarray, "masks 1 height width"]


def add_masks(
    prepared: PreparedData, report: dict[str, Any], masks: Source, parameters: DataPreparationParameters
) -> tuple[PreparedData, dict[str, Any]]:
    """Return data and report with a mask for each picture.

    Args:
        prepared: pictures of one size.
        report: of their preparation.
        masks: the files of masks.
        parameters: of the preparation.

    Raises:
        DataError: more files than tolerated are no masks of the pictures' size; the message names the first.
    """
    _, height, width = prepared.fields["image"].shape
    pool, details = _read_masks(masks, (height, width), parameters)
    chosen = _choose(len(prepared.rows), len(pool), parameters.seed)
    array = temporary_array((len(prepared.arrays["image"]), 1, height, width), "uint8")
    for start in range(0, len(chosen), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        array[prepared.rows[part]] = pool[chosen[part]]
    # The digest of a row is that of all its values; which rows are duplicates was found by the pictures alone.
    found = [hashlib.sha256(mask).digest() for mask in pool]
    digests = [
        hashlib.sha256(bytes.fromhex(of_picture) + found[mask]).hexdigest()
        for of_picture, mask in zip(prepared.manifest["sha256"], chosen, strict=True)
    ]
    with_masks = PreparedData(
        {**prepared.fields, FIELD: FieldFormat("uint8", (1, height, width), MASK.name)},
        prepared.classes,
        prepared.manifest.assign(sha256=digests),
        {**prepared.arrays, FIELD: array},
        prepared.rows,
        prepared.vocabulary,
    )
    notes = [*report.get("notes", []), *_note_coverage(details["coverage"])]
    return with_masks, report | {"masks": details, "notes": notes}


def _read_masks(
    masks: Source, size: tuple[int, int], parameters: DataPreparationParameters
) -> tuple[Masks, dict[str, Any]]:
    pool = temporary_array((len(masks.references), 1, *size), "uint8")
    outcomes: list[bytes | str] = []
    for row, reference in enumerate(masks.references):
        try:
            pool[row] = read_mask(reference.load(), size, parameters.invert_masks, parameters.limits)
            outcomes.append(b"")
        except UnreadablePicture as error:
            outcomes.append(str(error))
    kept, skipped = split_outcomes(masks.references, outcomes)
    check_tolerated(skipped, len(outcomes), parameters, "the masks", at_least_one=True)
    pool = pool[[*kept]]
    shares = pool.mean((1, 2, 3), dtype=np.float64) / 255
    coverage = {"least": float(shares.min()), "mean": float(shares.mean()), "most": float(shares.max())}
    return pool, {"files": len(pool), "coverage": coverage, "skipped": describe_skipped(skipped)}


def _choose(count: int, masks: int, seed: int) -> Int64[np.ndarray, " count"]:
    """Return a mask for each picture: in each `masks` pictures every one of them occurs once."""
    epochs = [permutation(seed, "masks", epoch, masks) for epoch in range(-(-count // masks))]
    return np.concatenate(epochs)[:count]


def _note_coverage(coverage: dict[str, float]) -> list[str]:
    if coverage["mean"] <= _MOST_COVERED:
        return []
    return [
        f"the masks cover {coverage['mean']:.0%} of a picture on average; where black is to be filled, set "
        "data_preparation.invert_masks=true"
    ]
