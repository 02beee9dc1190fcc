"""Requests as JSON: their values are checked, and their pictures become conditions."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganops.bundle import Bundle, BundleData
from ganops.errors import RequestError
from ganops.networks.build import build_networks
from ganops.registry.generate import generate_from_folders, generate_to_folder
from ganops.registry.requests import answer, count_condition_bytes, make_example, parse_request

from ..parameters import images, resolve_settings


def png(pixels: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def palette_png() -> str:
    file = io.BytesIO()
    Image.fromarray(PICTURE).convert("P").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


PICTURE = np.arange(64, dtype=np.uint8).reshape(8, 8)
MASK = np.pad(np.full((4, 4), 255, dtype=np.uint8), ((0, 4), (2, 2)))
HALF = np.diag([0, 255] * 4)[:4].astype(np.uint8)


@pytest.fixture
def completion(tmp_path: Path) -> Bundle:
    settings = resolve_settings("completion", images(1, 8, 8), base_channels=4)
    networks = {"generator": build_networks(settings)["generator"]}
    BundleData(settings, networks, (), (), "f1" * 16, "5d" * 32).save(tmp_path / "completion")
    return Bundle.load(tmp_path / "completion")


@pytest.fixture
def of_files(tmp_path: Path) -> Bundle:
    """Return a generator whose masks were files."""
    spec = images(1, 8, 8).model_copy(update={"masks": True})
    settings = resolve_settings("completion", spec, base_channels=4, mask="files")
    networks = {"generator": build_networks(settings)["generator"]}
    BundleData(settings, networks, (), (), "f1" * 16, "5d" * 32).save(tmp_path / "of_files")
    return Bundle.load(tmp_path / "of_files")


@pytest.mark.parametrize(
    "values, message",
    [
        ({"n": 0}, "n: expected a number greater than or equal to 1, received 0"),
        ({"class_label": ""}, "class_label: expected"),
        ({"truncation": 2.0}, "truncation: expected a number less than or equal to 1, received 2.0"),
        ({"image": png(PICTURE)}, "image"),
    ],
)
def test_values_of_another_game_or_out_of_bounds_are_refused(
    bundle: Bundle, values: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(RequestError, match=message):
        generate_to_folder(str(bundle.path), values, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_known_pixels_come_back_bit_for_bit(completion: Bundle) -> None:
    (completed,) = answer(completion, parse_request(completion, {"image": png(PICTURE)})).values
    hole = np.zeros((8, 8), dtype=bool)
    hole[2:6, 2:6] = True
    assert np.array_equal(completed[0].numpy()[~hole], PICTURE[~hole])
    assert not np.array_equal(completed[0].numpy()[hole], PICTURE[hole])


def test_a_mask_says_where_the_hole_is(completion: Bundle) -> None:
    mask = np.zeros((8, 8), dtype=np.uint8)
    mask[0, :3] = 255
    (completed,) = answer(completion, parse_request(completion, {"image": png(PICTURE), "mask": png(mask)})).values
    assert np.array_equal(completed[0].numpy()[mask == 0], PICTURE[mask == 0])


@pytest.mark.parametrize(
    "values, message",
    [
        ({}, "image: expected"),
        ({"image": "no png"}, "a picture of the request: expected a PNG in base64"),
        ({"image": png(PICTURE[:4])}, "image: expected a sample of shape 1 × 8 × 8 .*received 1 × 4 × 8"),
        ({"image": png(np.stack([PICTURE] * 3, axis=2))}, "image: expected .*received 3 × 8 × 8"),
        ({"image": png(PICTURE), "mask": png(HALF)}, "mask: expected .*received 1 × 4 × 8"),
        ({"image": png(PICTURE), "mask": png(0 * PICTURE)}, "mask: expected white in the hole.*received black alone"),
        ({"image": png(PICTURE), "mask": png(0 * PICTURE + 255)}, "mask: expected white.*received white alone"),
        ({"image": png(PICTURE), "mask": png(2 * PICTURE + 40)}, "mask: .*neither black nor white"),
        ({"image": png(PICTURE), "mask": png(np.stack([MASK, MASK], axis=2))}, "mask: .*transparent pixels"),
        ({"image": png(PICTURE), "n": 2}, "n: expected"),
        ({"image": palette_png()}, "pixels of the kind P"),
        ({"image": png(PICTURE), "class_label": 1}, "class_label"),
    ],
)
def test_a_wrong_picture_is_refused(completion: Bundle, values: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        answer(completion, parse_request(completion, values))


def test_the_example_of_each_game_is_answered(bundle: Bundle, completion: Bundle) -> None:
    assert len(answer(bundle, parse_request(bundle, make_example(bundle, 3))).values) == 3
    (completed,) = answer(completion, parse_request(completion, make_example(completion, 3))).values
    assert (completed[0, 0] == 128).all()


def test_a_generator_of_masks_of_files_needs_a_mask(of_files: Bundle) -> None:
    for values in ({"image": png(PICTURE)}, {"image": png(PICTURE), "mask": None}):
        with pytest.raises(RequestError, match="mask: expected"):
            parse_request(of_files, values)
    (completed,) = answer(of_files, parse_request(of_files, {"image": png(PICTURE), "mask": png(MASK)})).values
    assert np.array_equal(completed[0].numpy()[MASK == 0], PICTURE[MASK == 0])
    (example,) = answer(of_files, parse_request(of_files, make_example(of_files, 3))).values
    assert (example[0, :, 4:] == 128).all() and "mask" in of_files.request_schema()["required"]


def test_the_largest_picture_fits_the_limit_on_a_body(bundle: Bundle, completion: Bundle) -> None:
    """Noise compresses least."""
    noise = np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8)
    assert 2 * len(png(noise)) <= count_condition_bytes(completion)
    assert count_condition_bytes(bundle) == 0


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """Two pictures and their masks."""
    made = {}
    for field, pictures in {"image": (PICTURE, PICTURE.T), "mask": (MASK, MASK.T)}.items():
        made[field] = tmp_path / field
        made[field].mkdir()
        for name, pixels in zip(("a.png", "b.png"), pictures, strict=True):
            Image.fromarray(pixels).save(made[field] / name)
    return made


def test_each_picture_of_a_folder_is_completed_by_the_mask_of_its_name(
    completion: Bundle, folders: dict[str, Path], tmp_path: Path
) -> None:
    written = generate_from_folders(str(completion.path), {}, folders, tmp_path / "out")
    assert [path.name for path in written] == ["a.png", "b.png"]
    for path, pixels, mask in zip(written, (PICTURE, PICTURE.T), (MASK, MASK.T), strict=True):
        found = np.asarray(Image.open(path))
        assert np.array_equal(found[mask == 0], pixels[mask == 0]) and not np.array_equal(found, pixels)
    assert generate_from_folders(str(completion.path), {}, folders, tmp_path / "out") == written


def test_pictures_without_masks_get_one_each(completion: Bundle, folders: dict[str, Path], tmp_path: Path) -> None:
    drawn = Bundle.load(completion.path)
    assert drawn.game.describe_conditions() == "masks centre of coverage 0.25"
    written = generate_from_folders(str(completion.path), {"seed": 3}, {"image": folders["image"]}, tmp_path / "out")
    assert len(written) == 2


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda folders: (folders["mask"] / "b.png").unlink(), r"mask: expected a file for each.*received no b\.png"),
        (lambda folders: [path.unlink() for path in folders["image"].iterdir()], "image: expected PNG.*received none"),
        (lambda folders: (folders["image"] / "c.jpg").write_bytes(b""), r"image: expected PNG files.*received c\.jpg"),
        (lambda folders: (folders["image"] / "d.png").mkdir(), r"image: expected PNG files alone, received d\.png"),
        (lambda folders: (folders["image"] / "b.png").write_bytes(b"no PNG"), r"b\.png: a picture.*expected a PNG"),
        (lambda folders: Image.new("L", (8, 8)).save(folders["mask"] / "b.png"), r"b\.png: mask: expected white"),
        (lambda folders: Image.new("L", (9, 8)).save(folders["image"] / "b.png"), r"b\.png: image: .*1 × 8 × 9"),
    ],
)
def test_a_bad_file_of_a_folder_is_named(
    completion: Bundle, folders: dict[str, Path], damage: Any, message: str, tmp_path: Path
) -> None:
    damage(folders)
    with pytest.raises(RequestError, match=message):
        generate_from_folders(str(completion.path), {}, folders, tmp_path / "out")
    assert not (tmp_path / "out").exists(), "all files are checked before the first answer"


def test_masks_of_the_other_polarity_are_warned_of(
    completion: Bundle, folders: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING", logger="ganops"):
        generate_from_folders(str(completion.path), {}, folders, tmp_path / "right")
        assert not caplog.messages
        for path in folders["mask"].iterdir():
            Image.fromarray(255 - np.asarray(Image.open(path))).save(path)
        generate_from_folders(str(completion.path), {}, folders, tmp_path / "other")
    (message,) = caplog.messages
    assert "White is filled, black is kept" in message


def test_several_completions_of_a_file_have_numbers(folders: dict[str, Path], tmp_path: Path) -> None:
    settings = resolve_settings("completion", images(1, 8, 8), base_channels=4, noise_dimension=3)
    networks = {"generator": build_networks(settings)["generator"]}
    BundleData(settings, networks, (), (), "f1" * 16, "5d" * 32).save(tmp_path / "several")
    written = generate_from_folders(str(tmp_path / "several"), {"n": 2}, folders, tmp_path / "out")
    assert [path.name for path in written] == ["a_0.png", "a_1.png", "b_0.png", "b_1.png"]
    one, other = (np.asarray(Image.open(path)) for path in written[:2])
    hole = np.asarray(Image.open(folders["mask"] / "a.png")) > 0
    assert (one[~hole] == other[~hole]).all() and (one[hole] != other[hole]).any()


def test_hidden_files_are_ignored_and_suffixes_may_be_in_capitals(
    completion: Bundle, folders: dict[str, Path], tmp_path: Path
) -> None:
    for folder in folders.values():
        (folder / "._a.png").write_bytes(b"of another system")
        (folder / "b.png").rename(folder / "B.PNG")
    written = generate_from_folders(str(completion.path), {}, folders, tmp_path / "out")
    assert [path.name for path in written] == ["B.PNG", "a.png"]
