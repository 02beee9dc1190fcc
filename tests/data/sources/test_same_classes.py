"""One data set in every supported form has the same classes with the same numbers."""

import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from ganops.config import SourceKind
from ganops.data.sources.build import build_source
from ganops.data.sources.source import Source
from ganops.errors import DataError

from .made import fill, pack_tar, pack_zip, png

NAMES = ("Zug", "2", "10", "1", "ape", "caf\u00e9")
ORDER = ("1", "2", "10", "Zug", "ape", "caf\u00e9")
LABELS = tuple(NAMES[k % len(NAMES)] for k in range(18))


def _files(labels: Sequence[str]) -> list[str]:
    return [f"{label}/{k:02}.png" for k, label in enumerate(labels)]


def _folder(path: Path, labels: Sequence[str]) -> SourceKind:
    fill(path, *_files(labels))
    return "image_folder"


def _zip(path: Path, labels: Sequence[str]) -> SourceKind:
    pack_zip(path / "a.zip", *_files(labels))
    return "image_folder"


def _tar(path: Path, labels: Sequence[str]) -> SourceKind:
    pack_tar(path / "a.tar.gz", *_files(labels))
    return "image_folder"


def _texts(path: Path, labels: Sequence[str]) -> SourceKind:
    parquet.write_table(pa.table({"image": [png(k) for k in range(len(labels))], "label": labels}), path / "a.parquet")
    return "table"


def _arrow(path: Path, labels: Sequence[str]) -> SourceKind:
    values = pa.table({"image": [png(k) for k in range(len(labels))], "label": labels})
    with pa.ipc.new_file(str(path / "a.arrow"), values.schema) as writer:
        writer.write_table(values)
    return "table"


def _arrays(path: Path, labels: Sequence[str]) -> SourceKind:
    pictures = np.arange(len(labels), dtype=np.uint8)[:, np.newaxis, np.newaxis].repeat(6, 1).repeat(6, 2)
    np.savez(path / "a.npz", x=pictures, y=np.array(labels))
    return "arrays"


FORMS = pytest.mark.parametrize("write", [_folder, _zip, _tar, _texts, _arrow, _arrays])


@FORMS
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_have_the_same_numbers(
    tmp_path: Path, write: Callable[[Path, Sequence[str]], SourceKind], form: Literal["NFC", "NFD"]
) -> None:
    source = build_source(write(tmp_path, [unicodedata.normalize(form, label) for label in LABELS]), tmp_path)
    assert isinstance(source, Source)
    assert source.classes == ORDER
    assert sorted(r.label for r in source.references) == sorted(ORDER.index(label) for label in LABELS)


@pytest.mark.parametrize("write", [_texts, _arrow, _arrays])
def test_pictures_without_a_label_are_refused_and_the_remedies_work(
    tmp_path: Path, write: Callable[[Path, Sequence[str]], SourceKind]
) -> None:
    kind = write(tmp_path, ["a", "-1", "b", "a"])
    expected = r"a label for every picture, or for none, received 1 of 4 without one: 1 in .*\. "
    with pytest.raises(DataError, match=expected + r"Set data_preparation\.classes to none to use all"):
        build_source(kind, tmp_path)
    labelled, plain = (build_source(kind, tmp_path, classes=classes) for classes in ("labels", "none"))
    assert isinstance(labelled, Source) and isinstance(plain, Source)
    assert (labelled.classes, [r.label for r in labelled.references]) == (("a", "b"), [0, 1, 0])
    assert labelled.notes[-1].startswith(
        "pictures without a label are left out (data_preparation.classes=labels): 1 of 4"
    )
    assert (plain.classes, [r.label for r in plain.references]) == ((), [-1] * 4)


def test_labels_in_only_one_part_are_refused(tmp_path: Path) -> None:
    pictures = np.full((3, 6, 6), 99, dtype=np.uint8)
    np.savez(tmp_path / "a.npz", x_train=pictures, y_train=np.array([0, 1, 0]), x_test=pictures[:1])
    with pytest.raises(DataError, match=r"or for none, received 1 of 4 without one: 1 in x_test; to train on: x_train"):
        build_source("arrays", tmp_path)
