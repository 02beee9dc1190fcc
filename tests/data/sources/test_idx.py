import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from ganops.data.sources.idx import idx, read_idx
from ganops.data.sources.source import Source
from ganops.errors import DataError

from .made import REAL_DATA

PICTURES = np.arange(4 * 5 * 6, dtype=np.uint8).reshape(4, 5, 6)


def write(path: Path, values: np.ndarray) -> Path:
    header = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    content = header + values.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def described(source: Source) -> list[tuple[str, int, bool]]:
    return [(r.name, r.label, r.test) for r in source.references]


@pytest.mark.parametrize("names", ["{}-images-idx3-ubyte", "{}-images-idx3-ubyte.gz", "{}-images.idx3-ubyte"])
@pytest.mark.parametrize("test", ["t10k", "test"])
def test_parts_and_their_classes(tmp_path: Path, names: str, test: str) -> None:
    for part, pictures, labels in (("train", PICTURES, [7, 3, 7, 9]), (test, PICTURES[:1] + 100, [3])):
        write(tmp_path / names.format(part), pictures)
        write(tmp_path / names.format(part).replace("images", "labels").replace("idx3", "idx1"), np.array(labels))
    source = idx(tmp_path)
    assert source.classes == ("3", "7", "9")
    shown = names.removesuffix(".gz").format
    train = [(f"{shown('train')}:{i}", k, False) for i, k in enumerate([1, 0, 1, 2])]
    assert sorted(described(source)) == sorted([*train, (f"{shown(test)}:0", 0, True)])
    by_name = {r.name: r.load() for r in source.references}
    np.testing.assert_array_equal(by_name[f"{shown('train')}:2"], PICTURES[2][..., np.newaxis])


def test_one_pair_without_a_part_and_pictures_without_labels(tmp_path: Path) -> None:
    write(tmp_path / "images-idx3-ubyte", PICTURES)
    assert described(idx(tmp_path))[0] == ("images-idx3-ubyte:0", -1, False)
    assert idx(tmp_path).classes == ()
    write(tmp_path / "labels-idx1-ubyte", np.array([1, 0, 1, 1]))
    assert [r.label for r in idx(tmp_path).references] == [1, 0, 1, 1]


def test_a_plain_file_is_mapped_and_preferred(tmp_path: Path) -> None:
    plain = write(tmp_path / "images-idx3-ubyte", PICTURES)
    (tmp_path / "images-idx3-ubyte.gz").write_bytes(b"never read")
    assert idx(tmp_path).references[0].name == "images-idx3-ubyte:0"
    mapped = read_idx(plain, (8, 3))
    while not isinstance(mapped, np.memmap):
        assert isinstance(mapped.base, np.ndarray)
        mapped = mapped.base


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"begins with 00 00 08 03, received no bytes"),
        (b"\x00\x00\x08\x01\x00\x00\x00\x04", r"begins with 00 00 08 03, received 00 00 08 01"),
        (b"\x00\x00\x0d\x03", r"begins with 00 00 08 03, received 00 00 0d 03"),
        (b"\x00\x00\x08\x03\x00\x00\x00\x04\x00", "bytes of values"),
        (
            b"\0\0\x08\3\0\0\0\2\0\0\0\3\0\0\0\3" + bytes(17),
            "2 × 3 × 3 × 1 bytes of values, received 17",
        ),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, suffix: str, content: bytes, message: str) -> None:
    name = f"train-images-idx3-ubyte{suffix}"
    (tmp_path / name).write_bytes(gzip.compress(content) if suffix else content)
    with pytest.raises(DataError, match=message) as caught:
        idx(tmp_path)
    assert name in str(caught.value)


def test_a_gz_that_ends_early_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "train-images-idx3-ubyte.gz", PICTURES)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz: expected an idx file, received .* ended before"):
        idx(tmp_path)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "<part>-images-idx3-ubyte.*received no such file"),
        ({"train-labels-idx1-ubyte": [1]}, "received no pictures for the labels in train-labels-idx1-ubyte"),
        ({"a-images-idx3-ubyte": PICTURES, "a-labels-idx1-ubyte": [1, 2]}, "as many labels as .* 4, received 2"),
        ({"a-images-idx3-ubyte": PICTURES[:0]}, "pictures in a-images-idx3-ubyte, received none"),
        (
            {"emnist-letters-train-images-idx3-ubyte": PICTURES, "emnist-digits-train-images-idx3-ubyte": PICTURES},
            r"the files of one data set, received emnist-digits \(.*\), emnist-letters .* Keep the files of one",
        ),
        (
            {"train-images-idx3-ubyte": PICTURES, "train-images.idx3-ubyte": PICTURES + 1},
            r"received train-images-idx3-ubyte and train-images\.idx3-ubyte, which differ\. Keep one",
        ),
    ],
)
def test_files_that_do_not_match_are_reported(tmp_path: Path, files: dict, message: str) -> None:
    for name, values in files.items():
        write(tmp_path / name, np.array(values))
    with pytest.raises(DataError, match=message):
        idx(tmp_path)


@pytest.mark.parametrize("dataset", ["emnist-letters-", "qmnist-", ""])
@pytest.mark.parametrize("folder", [False, True])
def test_names_of_data_sets_and_folders_of_files(tmp_path: Path, dataset: str, folder: bool) -> None:
    for part, count in (("train", 4), ("test", 2)):
        for what, values in (("images-idx3", PICTURES[:count]), ("labels-idx1", np.arange(count) % 2 + 1)):
            name = f"{dataset}{part}-{what}-ubyte"
            (tmp_path / name).mkdir() if folder else None
            write(tmp_path / name / name if folder else tmp_path / name, values)
    source = idx(tmp_path)
    assert source.classes == ("1", "2")
    assert [(r.label, r.test) for r in source.references] == [(k % 2, k < 2) for k in range(6)]


def test_labels_of_qmnist(tmp_path: Path) -> None:
    table = np.arange(32, dtype=">i4").reshape(4, 8)
    header = bytes([0, 0, 12, 2]) + np.array(table.shape, ">u4").tobytes()
    write(tmp_path / "qmnist-train-images-idx3-ubyte", PICTURES)
    (tmp_path / "qmnist-train-labels-idx2-int").write_bytes(header + table.tobytes())
    assert idx(tmp_path).classes == ("0", "8", "16", "24")


def test_one_file_in_two_spellings_is_read_once(tmp_path: Path) -> None:
    for name in ("train-images-idx3-ubyte", "train-images.idx3-ubyte"):
        write(tmp_path / name, PICTURES)
    assert len(idx(tmp_path).references) == 4


def test_unused_files_are_noted_and_a_part_may_lack_labels(tmp_path: Path) -> None:
    for part in ("train", "t10k"):
        write(tmp_path / f"{part}-images-idx3-ubyte", PICTURES)
    for name in ("train-labels-idx1-ubyte", "t10k-labels.idx1-ubyt"):
        write(tmp_path / name, np.array([1, 0, 1, 1]))
    source = idx(tmp_path)
    assert source.notes[0] == "files that are not used: t10k-labels.idx1-ubyt"
    assert [(r.label, r.test) for r in source.references] == [(-1, True)] * 4 + [(k, False) for k in (1, 0, 1, 1)]


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "train-images-idx3-ubyte.gz")
    with pytest.raises(DataError, match="expected a regular file"):
        idx(tmp_path)


@pytest.mark.skipif(not (REAL_DATA / "mnist").is_dir(), reason="the real MNIST is not beside the project")
def test_the_real_mnist() -> None:
    source = idx(REAL_DATA / "mnist")
    assert source.classes == tuple("0123456789")
    assert sum(r.test for r in source.references) == 10_000
    # The published counts of the training part (http://yann.lecun.com/exdb/mnist/), digit 0 to 9.
    counts = np.bincount([r.label for r in source.references if not r.test])
    assert counts.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
