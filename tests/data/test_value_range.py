from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganops.data.preparation import prepare
from ganops.data.preparation_report import summarize
from ganops.data.sources.source import SampleRef, Source
from ganops.data.store import PreparedData
from ganops.data.white import White, scale, to_bytes
from ganops.errors import DataError

from .. import parameters as of_base
from .conftest import raise_unreadable
from .encoded import encoded


def source(contents: Sequence[Any]) -> Source:
    return Source([SampleRef(f"{i}", partial(lambda it: it, content)) for i, content in enumerate(contents)], ())


def ramps(peak: int, kind: type = np.uint16, count: int = 30) -> list[np.ndarray]:
    """Pictures whose values go from 0 to `peak`, each begun elsewhere."""
    ramp = np.linspace(0, peak, 256).astype(kind).reshape(16, 16, 1)
    return [np.roll(ramp, i) for i in range(count)]


def files(pictures: Sequence[np.ndarray], format_: str = "png") -> list[bytes]:
    return [encoded(Image.fromarray(picture[:, :, 0]), format_) for picture in pictures]


def prepared(contents: Sequence[Any], **changed: Any) -> tuple[PreparedData, dict[str, Any]]:
    parameters = of_base.data_preparation(**{"height": 16, "width": 16, "channels": 1, **changed})
    return prepare(source(contents), parameters)


@pytest.mark.parametrize("as_files", [True, False])
@pytest.mark.parametrize(
    ("peak", "white"), [(1, 1), (200, 255), (1000, 1023), (4095, 4095), (10_000, 16_383), (20_000, 65_535)]
)
def test_16_bits_are_scaled_by_their_range(peak: int, white: int, as_files: bool) -> None:
    pictures = ramps(peak)
    samples, report = prepared(files(pictures) if as_files else pictures)
    expected = np.stack([np.floor(picture * (255 / white) + 0.5) for picture in pictures])
    np.testing.assert_array_equal(samples.arrays["image"][:, 0], expected[..., 0])
    assert (report["white"]["byte"], report["white"]["word"]) == (255, white)
    rule = f"{white}, because no value is above {peak} in 30 pictures of 16 bits"
    assert (report["white"]["rule"], report["white"]["scaled"]) == (rule, white != 65_535)


@pytest.mark.parametrize("as_files", [True, False])
def test_a_few_12_bit_pictures_among_8_bit_ones_are_scaled(as_files: bool) -> None:
    bright, deep = ramps(255, np.uint8, 250), ramps(4095)[:3]
    # 100 of the 253 are sampled first: the first, the fourth, the sixth, …
    pictures = [bright[0], deep[0], deep[1], bright[1], deep[2], *bright[2:]]
    samples, report = prepared(files(pictures) if as_files else pictures)
    for at, picture in enumerate(pictures):
        peak = 4095 if picture.dtype == np.uint16 else 255
        np.testing.assert_array_equal(samples.arrays["image"][at, 0], np.floor(picture * (255 / peak) + 0.5)[..., 0])
    assert (report["white"]["byte"], report["white"]["word"]) == (255, 4095)
    assert report["white"]["rule"].endswith("; 4095, because no value is above 4095 in 3 pictures of 16 bits")


@pytest.mark.parametrize("as_files", [True, False])
def test_pictures_of_0_and_1_become_black_and_white(as_files: bool) -> None:
    pictures = ramps(1, np.uint8)
    samples, report = prepared(files(pictures) if as_files else pictures)
    assert np.unique(samples.arrays["image"]).tolist() == [0, 255]
    np.testing.assert_array_equal(samples.arrays["image"][3, 0], 255 * pictures[3][..., 0])
    assert report["white"]["rule"] == "1, because no value is above 1 in 30 pictures of 8 bits"


def test_a_single_bright_picture_is_found() -> None:
    pictures = [*ramps(1, np.uint8, 150), *ramps(255, np.uint8, 1), *ramps(1, np.uint8, 150)]
    samples, report = prepared(pictures)
    assert not report["white"]["scaled"]
    assert samples.arrays["image"].max() == 255
    assert np.unique(samples.arrays["image"][:150]).tolist() == [0, 1]
    deep = [*ramps(4000, count=150), *ramps(50_000, count=1), *ramps(4000, count=150)]
    assert prepared(deep)[1]["white"]["word"] == 65_535


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_few_bits_are_refused_and_the_remedies_work(kind: type) -> None:
    pictures = ramps(16, kind)
    message = (
        r"none above 16 in 30 pictures\. Set data_preparation\.white.*16 makes the brightest value white, 255 keeps"
    )
    with pytest.raises(DataError, match=message):
        prepared(pictures)
    assert prepared(pictures, white=16)[0].arrays["image"].max() == 255
    assert prepared(pictures, white=255)[0].arrays["image"].max() == 16
    assert prepared(pictures, white=16)[1]["white"]["rule"] == "as set"


def test_full_range_pictures_are_unchanged() -> None:
    pictures = ramps(32, np.uint8)
    samples, report = prepared(pictures)
    np.testing.assert_array_equal(samples.arrays["image"][:, 0], np.stack(pictures)[..., 0])
    assert report["white"]["rule"] == "the full range of 8 bits, by 30 sampled pictures"


def test_8_and_16_bits_have_a_white_each() -> None:
    samples, report = prepared([*ramps(255, np.uint8), *ramps(4095)])
    assert (report["white"]["byte"], report["white"]["word"]) == (255, 4095)
    assert samples.arrays["image"].reshape(60, -1).max(axis=1).tolist() == [255] * 60


def test_opacity_does_not_count_as_colour() -> None:
    picture = np.dstack([*[ramps(1, np.uint8)[0]] * 3, np.full((16, 16, 1), 128, np.uint8)])
    contents = [encoded(Image.fromarray(np.roll(picture, i, axis=0)), "png") for i in range(12)]
    for given in (contents, [np.roll(picture, i, axis=0) for i in range(12)]):
        samples, _ = prepared(given, channels=4)
        assert np.unique(samples.arrays["image"][:, :3]).tolist() == [0, 255]
        assert np.unique(samples.arrays["image"][:, 3]).tolist() == [128]


def test_unreadable_pictures_do_not_affect_the_range() -> None:
    good = source(ramps(4095))
    bad = SampleRef("bad", partial(raise_unreadable, "no good"))
    parameters = of_base.data_preparation(height=16, width=16, channels=1, tolerated_bad_share=0.1)
    assert prepare(Source([bad, *good.references], ()), parameters)[1]["white"]["word"] == 4095


@pytest.mark.parametrize("white", [1, 255, 4095, 65_535])
def test_scaling_clips_above_white(white: int) -> None:
    values = np.arange(65_536)
    expected = np.floor(np.minimum(values, white) * 255 / white + 0.5)
    np.testing.assert_array_equal(scale(values, white), expected)


def test_full_range_bytes_are_not_copied() -> None:
    pixels = np.zeros((2, 2, 3), np.uint8)
    assert to_bytes(pixels, White()) is pixels


def test_the_summary_names_classes_and_counts() -> None:
    numbered = [SampleRef(f"{i}", partial(lambda it: it, it), i % 14) for i, it in enumerate(ramps(255, np.uint8, 140))]
    names = tuple("a very long name of a class" if k == 0 else f"{k}" for k in range(14))
    data = Source([*numbered, *numbered[:1]], names, "sub-folders", ("Thumbs.db", "cat/#recycle"))
    report = prepare(data, of_base.data_preparation(height=16, width=16, channels=1))[1]
    near = report["near_duplicates"]["samples"]
    assert summarize(report) == (
        "141 samples; 14 classes from sub-folders (a very long name of…, 1, 2, 3, 4, 5, 6, 7, 8, 9, …, 13); "
        f"duplicates 1, near duplicates {near}, skipped 0, ignored 2"
    )
    assert report["ignored"] == {"count": 2, "first": ["Thumbs.db", "cat/#recycle"]}
