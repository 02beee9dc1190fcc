import random
import unicodedata

import numpy as np
import pytest

from ganops.data.sources.classes import normalize_name, order_classes, sort_classes
from ganops.data.sources.parts import number_classes, read_labels


@pytest.mark.parametrize(
    "names",
    [
        [str(k) for k in range(12)],
        ["cat", "dog", "eel"],
        ["a1b2", "a1b10", "a2b1", "a10"],
        ["01", "1", "2", "x", "x01", "x1"],
        ["9" * 5000, "1" + "0" * 5000],
    ],
)
def test_numbers_in_names_count_as_numbers(names: list[str]) -> None:
    assert sort_classes(random.Random(0).sample(names, len(names))) == tuple(names)


def test_two_forms_of_one_name_are_one_name() -> None:
    assert normalize_name(unicodedata.normalize("NFD", "café")) == unicodedata.normalize("NFC", "café")


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (["0", "1", "10", "2"], ("0", "1", "2", "10")),
        (["top", "bag", "boot"], ("top", "bag", "boot")),
        (["cat", "dog", "cat"], ("cat", "dog")),
    ],
)
def test_a_publishers_order_is_kept_unless_it_is_alphabetical(published: list[str], expected: tuple[str, ...]) -> None:
    assert order_classes(published) == expected


def test_labels_get_the_number_of_their_class(tmp_path: object) -> None:
    nfc, nfd = "caf\u00e9", "cafe\u0301"
    labels = {"train": read_labels(np.array(["10", nfc, "2"])), "test": read_labels(np.array([nfd, "10"]))}
    numbers, classes = number_classes(tmp_path, labels, {"train": 3, "test": 2})  # type: ignore[arg-type]
    assert classes == ("2", "10", nfc)
    assert [numbers[name].tolist() for name in labels] == [[1, 2, 0], [2, 1]]


def test_numbers_named_as_a_program_sorted_folders(tmp_path: object) -> None:
    names = sorted(str(k) for k in range(12))
    labels = read_labels(np.arange(12), lambda k: names[k])
    numbers, classes = number_classes(tmp_path, {"": labels}, {"": 12})  # type: ignore[arg-type]
    assert classes == tuple(str(k) for k in range(12))
    assert [classes[number] for number in numbers[""]] == names
