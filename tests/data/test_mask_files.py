"""Files of masks: polarity, and what is no mask."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganops.data.mask_files import read_mask
from ganops.data.sources.source import UnreadablePicture

HOLE = np.zeros((6, 8), dtype=np.uint8)
HOLE[1:3, 2:7] = 255
SOFT = np.where(HOLE, 250, 9).astype(np.uint8)
SOFT[0, :2] = 128


def encode(picture: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, **{"format": "PNG", **options})
    return file.getvalue()


@pytest.mark.parametrize(
    "picture",
    [
        Image.fromarray(HOLE),
        Image.fromarray(HOLE).convert("1"),
        Image.fromarray(HOLE).convert("RGB"),
        Image.fromarray(HOLE).convert("RGBA"),
        Image.fromarray(HOLE).convert("P"),
        Image.fromarray(HOLE.astype(np.uint16) * 257),
    ],
    ids=lambda picture: picture.mode,
)
def test_white_is_the_hole_in_every_kind_of_file(picture: Image.Image) -> None:
    np.testing.assert_array_equal(read_mask(encode(picture), (6, 8)), HOLE[None])
    np.testing.assert_array_equal(read_mask(encode(picture), (6, 8), invert=True), 255 - HOLE[None])


def test_soft_edges_and_jpeg_fall_to_the_nearer_side() -> None:
    found = read_mask(SOFT[:, :, None], (6, 8))
    assert set(np.unique(found)) == {0, 255} and (found[0] == (SOFT >= 128) * 255).all()
    large = HOLE.repeat(8, axis=0).repeat(8, axis=1)
    jpeg = encode(Image.fromarray(large), format="JPEG", quality=60)
    np.testing.assert_array_equal(read_mask(jpeg, large.shape), large[None])


@pytest.mark.parametrize(
    ("pixels", "invert", "reason"),
    [
        (HOLE[:, :7], False, "6 × 7 pixels, where the pictures have 6 × 8"),
        (np.zeros_like(HOLE), False, "black alone: there is no hole"),
        (np.zeros_like(HOLE), True, "black alone: nothing is known"),
        (np.full_like(HOLE, 255), False, "white alone: nothing is known"),
        (np.full_like(HOLE, 255), True, "white alone: there is no hole"),
        (np.linspace(0, 255, 48).astype(np.uint8).reshape(6, 8), False, "no mask: 50% of its pixels are neither"),
        (np.stack([HOLE, HOLE], axis=2), False, "transparent pixels"),
    ],
)
def test_what_is_no_mask_is_named(pixels: np.ndarray, invert: bool, reason: str) -> None:
    for content in (pixels.reshape(*pixels.shape[:2], -1), encode(Image.fromarray(pixels))):
        with pytest.raises(UnreadablePicture, match=reason):
            read_mask(content, (6, 8), invert)
