from functools import partial
from typing import Any

import numpy as np
import pytest

from ganops.data.preparation import prepare
from ganops.data.shape import NothingReadable, SampleShape, find_sample_shape
from ganops.data.sources.source import SampleRef, Source

from .. import parameters as of_base
from .conftest import constant, raise_unreadable
from .encoded import encoded, oriented, picture


def bytes_of(content: bytes) -> bytes:
    return content


def files(*contents: bytes) -> list[SampleRef]:
    return [SampleRef(f"{i}", partial(bytes_of, content)) for i, content in enumerate(contents)]


def arrays(*sizes: tuple[int, ...]) -> list[SampleRef]:
    return [SampleRef(f"{i}", partial(constant, 7, *size)) for i, size in enumerate(sizes)]


def shape(references: list[SampleRef], **asked: Any) -> tuple[int, int, int]:
    found = find_sample_shape(references, of_base.data_preparation(**asked))
    return found.channels, found.height, found.width


def png(height: int, width: int, mode: str = "L") -> bytes:
    return encoded(picture(0, mode, height=height, width=width))


def test_small_pictures_keep_their_median_size() -> None:
    sizes = [(20, 30), (24, 40), (28, 60), (28, 128), (500, 500)]
    assert shape(files(*(png(*size) for size in sizes))) == (1, 28, 60)
    assert shape(arrays(*sizes)) == (1, 28, 60)


@pytest.mark.parametrize(("width", "expected"), [(128, (1, 20, 128)), (129, (1, 64, 64))])
def test_large_pictures_become_squares_of_64(width: int, expected: tuple[int, ...]) -> None:
    assert shape(files(png(20, width))) == expected


def test_arrays_of_one_size_keep_it() -> None:
    assert shape(arrays((300, 200), (300, 200))) == (1, 300, 200)
    assert shape(arrays((300, 200), (300, 201))) == (1, 64, 64)


def test_set_sizes_are_used() -> None:
    large, small = files(png(300, 200)), files(png(30, 20))
    assert shape(large, height=32) == (1, 32, 32)
    assert shape(large, width=128, channels=4) == (4, 128, 128)
    assert shape(small, height=32) == (1, 32, 20)
    assert shape(large, height=48, width=16) == (1, 48, 16)


def test_nothing_is_read_if_all_sizes_are_set() -> None:
    unread = [SampleRef("never", partial(raise_unreadable, "read"))]
    assert find_sample_shape(unread, of_base.data_preparation(height=8, width=9, channels=2)) == SampleShape(
        2, 8, 9, "as set"
    )


def test_tiny_pictures_become_at_least_four_pixels() -> None:
    assert shape(files(png(1, 3))) == (1, 4, 4)


def test_exif_orientation_counts_for_the_median() -> None:
    upright = [oriented(picture(k, height=20, width=30), 6) for k in range(2)]
    assert shape(files(*upright, encoded(picture(9, height=90, width=90)))) == (3, 30, 20)


@pytest.mark.parametrize(
    ("modes", "channels"),
    [(("L", "1", "LA"), 1), (("L", "L", "RGB"), 3), (("P",), 3), (("RGBA",), 3), (("L",), 1)],
)
def test_one_coloured_picture_gives_three_channels(modes: tuple[str, ...], channels: int) -> None:
    assert shape(files(*(png(9, 9, mode) for mode in modes)))[0] == channels


def test_a_hundred_evenly_spaced_pictures_are_sampled() -> None:
    loaded = []

    def load(row: int) -> np.ndarray:
        loaded.append(row)
        return constant(0, 8 if row < 500 else 16, 8)

    references = [SampleRef(str(row), partial(load, row)) for row in range(991)]
    assert shape(references) == (1, 8, 8)
    assert loaded == [*range(0, 991, 10)]


def test_only_headers_are_read() -> None:
    content = png(40, 50)
    assert shape(files(content[: content.index(b"IDAT") + 8])) == (1, 40, 50)


def test_unreadable_pictures_do_not_affect_the_shape() -> None:
    bad = [SampleRef(f"bad {k}", partial(raise_unreadable, "bad")) for k in range(150)]
    assert shape([*bad, *arrays((9, 11))]) == (1, 9, 11)
    with pytest.raises(NothingReadable) as caught:
        shape(bad)
    assert caught.value.skipped == [(f"bad {k}", "bad") for k in range(150)]


def test_the_rule_is_in_the_report() -> None:
    contents = [encoded(picture(k, height=150, width=200)) for k in range(20)]
    prepared, report = prepare(Source(files(*contents), ()), of_base.data_preparation())
    assert prepared.fields["image"].shape == (3, 64, 64)
    assert report["shape"] == {
        "channels": 3,
        "height": 64,
        "width": 64,
        "rule": "median 150 × 200 of 20 sampled pictures, more than 128: square; "
        "channels: 20 of 20 sampled pictures have colour",
    }
