import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganops.data.sources.image_folder import image_folder
from ganops.data.sources.source import Source
from ganops.errors import DataError

from .made import png, tar_entry

NAMES = [f"{i // 4:05d}/img{i:08d}.png" for i in range(8)]


def write_folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (path / "raw" / name).parent.mkdir(parents=True, exist_ok=True)
        (path / "raw" / name).write_bytes(content)
    return path / "raw"


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path / "a.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path / "a.zip"


def write_tar(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path / "a.tar", "w") as archive:
        for name, content in files.items():
            archive.addfile(tar_entry(name, len(content)), io.BytesIO(content))
    return path / "a.tar"


def files(labels: Any, folder: str = "") -> dict[str, bytes]:
    pictures = {folder + name: png(value) for value, name in enumerate(NAMES)}
    return {**pictures, f"{folder}dataset.json": json.dumps({"labels": labels}).encode()}


def labels_of(source: Source) -> list[int]:
    return [reference.label for reference in source.references]


@pytest.mark.parametrize("write", [write_folder, write_zip, write_tar])
@pytest.mark.parametrize("folder", ["", "wrap/"])
def test_labels_are_read_and_shards_are_not_classes(tmp_path: Path, write: Callable, folder: str) -> None:
    stated = [[name, 10 * (value % 2) + 2] for value, name in enumerate(NAMES)]
    source = image_folder(write(tmp_path, files(stated, folder)))
    assert (source.classes, source.classes_from) == (("2", "12"), "dataset.json")
    assert labels_of(source) == [0, 1] * 4
    assert [reference.name for reference in source.references] == [folder + name for name in NAMES]


def test_null_and_minus_one_mean_no_label(tmp_path: Path) -> None:
    assert image_folder(write_zip(tmp_path, files(None))).classes == ()
    stated = [[name, -1 if value < 2 else 5] for value, name in enumerate(NAMES)]
    source = image_folder(write_zip(tmp_path, files(stated)))
    assert (source.classes, labels_of(source)) == (("5",), [-1, -1, *[0] * 6])


def test_one_hot_labels(tmp_path: Path) -> None:
    stated = [[name.replace("/", "\\"), [0, 1] if value % 2 else [1.0, 0.0]] for value, name in enumerate(NAMES)]
    source = image_folder(write_zip(tmp_path, files(stated)))
    assert (source.classes, labels_of(source)) == (("0", "1"), [0, 1] * 4)


def test_parts_have_a_file_each(tmp_path: Path) -> None:
    content = {}
    for part in ("train", "test"):
        content |= files([[name, value % 2] for value, name in enumerate(NAMES)], f"{part}/")
    source = image_folder(write_zip(tmp_path, content))
    assert labels_of(source) == [0, 1] * 8
    assert [reference.test for reference in source.references] == [True] * 8 + [False] * 8


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ([[name, 0] for name in NAMES[1:]], r"none for 1 of 8, the first '00000/img00000000\.png'"),
        ([[name, 0.5] for name in NAMES], "received.*0.5"),
        ([[name, [0.5, 0.5]] for name in NAMES], "one-hot"),
        (dict.fromkeys(NAMES, 0), "received dict"),
        ([3], "received 3"),
    ],
)
def test_malformed_labels_are_refused_and_the_remedy_works(tmp_path: Path, stated: Any, message: str) -> None:
    path = write_zip(tmp_path, files(stated))
    with pytest.raises(DataError, match=rf"dataset\.json: expected .*{message}.*data_preparation\.classes"):
        image_folder(path)
    none, folders = image_folder(path, "none"), image_folder(path, "folders")
    assert (none.classes, folders.classes) == ((), ("00000", "00001"))
    assert len(none.references) == len(folders.references) == len(NAMES)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    for content in (b"{", b"[" * 100_000, b"\xff"):
        path = write_zip(tmp_path, {"cat/1.png": png(0), "dataset.json": content})
        with pytest.raises(DataError, match=r"dataset\.json: expected a JSON file"):
            image_folder(path)


def test_shards_without_labels_are_refused_and_the_remedy_works(tmp_path: Path) -> None:
    content = {name: png(value) for value, name in enumerate(NAMES)}
    path = write_folder(tmp_path, content)
    with pytest.raises(DataError, match=r"sub-folders named '00000', '00001'.*data_preparation\.classes to folders"):
        image_folder(path)
    assert image_folder(path, "none").classes == ()
    assert image_folder(path, "folders").classes == ("00000", "00001")


def test_a_dataset_json_without_labels_counts_as_a_text(tmp_path: Path) -> None:
    source = image_folder(write_zip(tmp_path, {"cat/1.png": png(0), "dog/1.png": png(1), "dataset.json": b"[1]"}))
    assert (source.classes, len(source.references)) == (("cat", "dog"), 3)
