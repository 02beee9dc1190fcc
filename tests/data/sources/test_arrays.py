import io
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganops.data.sources.arrays import arrays, channels_last
from ganops.errors import DataError

from .made import REAL_DATA

PICTURES = np.arange(6 * 8 * 9 * 3, dtype=np.int64).astype(np.uint8).reshape(6, 8, 9, 3)


def save(folder: Path, suffix: str, **values: Any) -> Path:
    if suffix == "npz":
        np.savez_compressed(folder / "data.npz", **values)
    for name in values if suffix == "npy" else ():
        np.save(folder / f"{name}.npy", values[name])
    return folder


@pytest.mark.parametrize("suffix", ["npz", "npy"])
@pytest.mark.parametrize("names", [("x", "y"), ("images", "labels"), ("data", "label"), ("arr_0", "arr_1"), ("X", "Y")])
def test_pictures_and_labels_by_name(tmp_path: Path, suffix: str, names: tuple[str, str]) -> None:
    labels = np.array([[4], [2], [4], [4], [2], [9]])  # a column, as CIFAR's are kept by some
    source = arrays(save(tmp_path, suffix, **{names[0]: PICTURES, names[1]: labels, "comment": np.zeros(3)}))
    assert source.classes == ("2", "4", "9")
    assert [r.label for r in source.references] == [1, 0, 1, 1, 0, 2]
    assert [r.name for r in source.references] == [f"{names[0]}:{i}" for i in range(6)]
    for reference, picture in zip(source.references, PICTURES, strict=True):
        np.testing.assert_array_equal(reference.load(), picture)


@pytest.mark.parametrize("names", ["x_{0} y_{0}", "{0}_images {0}_labels"])
def test_parts_by_name(tmp_path: Path, names: str) -> None:
    values = {}
    for part, count in (("train", 6), ("test", 2), ("val", 1)):
        pictures, labels = names.format(part).split()
        values |= {pictures: PICTURES[:count], labels: np.array(list("abcabc")[:count])}
    source = arrays(save(tmp_path, "npz", **values))
    assert source.classes == ("a", "b", "c")
    assert [r.name for r in source.references if r.test] == [f"{names.format('test').split()[0]}:{i}" for i in (0, 1)]
    assert len(source.references) == 9


def test_without_labels_there_are_no_classes(tmp_path: Path) -> None:
    source = arrays(save(tmp_path, "npy", x=PICTURES))
    assert (source.classes, {r.label for r in source.references}) == ((), {-1})


def test_npy_files_are_mapped(tmp_path: Path) -> None:
    save(tmp_path, "npy", x=PICTURES)
    pictures = arrays(tmp_path).references[0].load.args[0].pictures  # type: ignore[attr-defined]
    assert isinstance(pictures, np.memmap)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5, 8, 9), (5, 8, 9, 1)),
        ((5, 8, 9, 3), (5, 8, 9, 3)),
        ((5, 3, 8, 9), (5, 8, 9, 3)),
        ((2, 1, 4, 9), (2, 4, 9, 1)),
    ],
)
def test_channels_are_found_and_come_last(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    pictures = np.arange(np.prod(shape), dtype=np.int64).astype(np.uint8).reshape(shape)
    moved = channels_last("x", pictures)
    assert moved.shape == expected
    if len(shape) == 4 and shape[1] <= 4:
        np.testing.assert_array_equal(moved[1, 2, 3], pictures[1, :, 2, 3])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (PICTURES / 255.0, PICTURES),
        ((PICTURES / 255.0).astype(np.float32), PICTURES),
        (PICTURES.astype(np.float32) + 0.25, PICTURES),
        (PICTURES.astype(np.int64), PICTURES),
        (PICTURES > 99, (PICTURES > 99) * np.uint8(255)),
        (PICTURES.astype(np.uint16) * 257, PICTURES.astype(np.uint16) * 257),
        (PICTURES.astype(np.int32) * 16, PICTURES.astype(np.uint16) * 16),
    ],
)
def test_values_of_other_types_become_8_or_16_bits(tmp_path: Path, values: np.ndarray, expected: np.ndarray) -> None:
    read = [reference.load() for reference in arrays(save(tmp_path, "npz", x=values)).references]
    np.testing.assert_array_equal(np.stack(read), expected, strict=True)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"x": PICTURES / 127.5 - 1}, r"x in .*: expected whole numbers .*, received float64 from -1 to 1.*x \+ 1"),
        ({"x": PICTURES / 127.5}, r"fractions from 0 to 1 or to 255, received float64 with fractions from 0 to 2"),
        ({"x": PICTURES.astype(np.int64) * 300}, "received int64 from 0 to 76500"),
        ({"x": np.full((6, 8, 9), np.nan)}, "received float64 from nan to nan"),
        ({"x": PICTURES[:, :3]}, r"the shape \(6, 3, 9, 3\).*\(N, height, width, channels\)"),
        ({"x": np.zeros((6, 8, 9, 5), np.uint8)}, r"the shape \(6, 8, 9, 5\)"),
        ({"x": np.zeros((6, 8), np.uint8)}, r"the shape \(6, 8\)"),
        (
            {"x": PICTURES, "y": np.zeros((6, 10))},
            r"y in .*: expected one integer .*.*float64 of the shape \(6, 10\).*argmax",
        ),
        ({"x": PICTURES, "y": np.zeros(5, int)}, "as many labels as x has pictures, 6, received 5"),
        ({"x": PICTURES, "images": PICTURES}, "one array of pictures per part, received images and x"),
        ({"pixels": PICTURES}, "an array named .*, received pixels"),
        ({}, "an array named .*, received none"),
        ({"x": PICTURES, "y": np.array([{}] * 6)}, "y in .*: expected an array, received Python objects"),
    ],
)
def test_ambiguous_arrays_are_refused(tmp_path: Path, values: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(DataError, match=message):
        arrays(save(tmp_path, "npz", **values))


@pytest.mark.parametrize(("name", "content"), [("x.npy", b"no array"), ("x.npz", b"no zip"), ("x.npy", b"")])
def test_damaged_files_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match="expected an array, received"):
        arrays(tmp_path)


def test_python_objects_are_refused(tmp_path: Path) -> None:
    save(tmp_path, "npy", x=np.array([{}, {}]))
    with pytest.raises(DataError, match="without Python objects"):
        arrays(tmp_path)


def test_pictures_of_one_part_in_two_files_are_ambiguous(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", x=PICTURES)
    with pytest.raises(DataError, match=r"received data\.npz/x and other\.npz/x\. Rename one of them, as x_train"):
        arrays(save(tmp_path, "npz", x=PICTURES))


@pytest.mark.parametrize(
    "files",
    [
        {"images.npz": {"images": PICTURES}, "labels.npz": {"labels": np.arange(6) % 2}},
        {"images.npz": {"arr_0": PICTURES}, "labels.npz": {"arr_0": np.arange(6) % 2}},
        {"k49-imgs.npz": {"arr_0": PICTURES}, "k49-labels.npz": {"arr_0": np.arange(6) % 2}},
        {"m.npz": {"imgs": PICTURES, "targets": np.arange(6) % 2}},
        {"m.npz": {"images": PICTURES, "target": (np.arange(6) % 2).astype(np.float32)}},
    ],
)
def test_pictures_and_labels_in_files_of_their_own(tmp_path: Path, files: dict[str, dict[str, Any]]) -> None:
    for name, values in files.items():
        np.savez(tmp_path / name, **values)
    source = arrays(tmp_path)
    assert (source.classes, [r.label for r in source.references]) == (("0", "1"), [0, 1, 0, 1, 0, 1])
    np.testing.assert_array_equal(source.references[4].load(), PICTURES[4])
    assert source.notes == ()


@pytest.mark.parametrize("names", ["{0}.npz x y", "{0}-images.npz arr_0 ", "k49-{0}-imgs.npz arr_0 "])
def test_parts_by_the_names_of_files(tmp_path: Path, names: str) -> None:
    for part, count in (("train", 4), ("test", 2)):
        file, pictures, labels = names.format(part).split(" ")
        named: dict[str, Any] = {pictures: PICTURES[:count], labels: np.arange(count) % 2}
        np.savez(tmp_path / file, **{name: values for name, values in named.items() if name})
    source = arrays(tmp_path)
    assert [(r.label >= 0, r.test) for r in source.references] == [("y" in names, k < 2) for k in range(6)]
    assert len({r.name for r in source.references}) == 6


def test_unused_arrays_and_the_use_of_parts_are_noted(tmp_path: Path) -> None:
    values = {"x_train": PICTURES, "x_extra": PICTURES, "x_test": PICTURES[:1], "kinds": np.arange(6)}
    assert arrays(save(tmp_path, "npz", **values)).notes == (
        "arrays that are not used: kinds (6,), x_extra (6, 8, 9, 3)",
        "to train on: x_train (6)",
        "the test part: x_test (1)",
    )


@pytest.mark.parametrize(
    "labels",
    [
        np.array([1, -1, 0, 1, -1, 0]),
        np.array([1, np.nan, 0, 1, -1, 0]),
        np.array(["1", "", "0", "1", "-1", "0"]),
    ],
)
def test_missing_labels_are_not_a_class(tmp_path: Path, labels: np.ndarray) -> None:
    source = arrays(save(tmp_path, "npy", x=PICTURES, y=labels))
    assert (source.classes, [r.label for r in source.references]) == (("0", "1"), [1, -1, 0, 1, -1, 0])


def test_unused_python_objects_are_tolerated(tmp_path: Path) -> None:
    source = arrays(save(tmp_path, "npz", imgs=PICTURES, metadata=np.array({"title": "dSprites"})))
    assert (len(source.references), source.notes) == (6, ("arrays that are not used: metadata ()",))


def test_labels_without_pictures_are_refused(tmp_path: Path) -> None:
    values = {"x_train": PICTURES, "y": np.arange(6)}
    with pytest.raises(DataError, match=r"labels named like their pictures, .* received y beside x_train"):
        arrays(save(tmp_path, "npz", **values))


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_a_header_of_another_size_is_refused(tmp_path: Path, suffix: str) -> None:
    content = io.BytesIO()
    np.save(content, PICTURES)
    damaged = content.getvalue().replace(b"(6, 8, 9, 3)", b"(5, 8, 9, 3)")
    if suffix == "npy":
        (tmp_path / "x.npy").write_bytes(damaged)
    else:
        with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
            archive.writestr("x.npy", damaged)
    with pytest.raises(DataError, match=r"uint8 of the shape \(5, 8, 9, 3\), 1080 bytes of values, received 1296"):
        arrays(tmp_path)


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_a_pipe_is_refused(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(DataError, match=f"{name}: expected a regular file"):
        arrays(tmp_path)


@pytest.mark.skipif(not (REAL_DATA / "cifar10-lossless-4k").is_dir(), reason="no real CIFAR-10 beside the project")
def test_real_pictures_of_cifar10() -> None:
    source = arrays(REAL_DATA / "cifar10-lossless-4k")
    assert (len(source.references), source.classes) == (4000, tuple("0123456789"))
    first = source.references[0]
    picture = first.load()
    assert isinstance(picture, np.ndarray)
    assert (first.label, picture.shape) == (6, (32, 32, 3))  # the first of CIFAR-10 is a frog
