"""Reads labels from a dataset.json, as StyleGAN's dataset_tool.py writes it beside the pictures.

    {"labels": [["00000/img00000000.png", 6], …]}      or {"labels": null}: no classes

Names are relative to the file's folder. A label is an integer, −1 for none, or a one-hot list.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ganops.data.sources.classes import normalize_name, sort_classes
from ganops.data.sources.files import Files, printable, read_or_raise, unusable
from ganops.data.sources.layout import Layout, arrange
from ganops.data.sources.source import UnreadablePicture
from ganops.data.store import NO_CLASS
from ganops.errors import DataError

DATASET_JSON = "dataset.json"
_FORM = 'labels as ["name", integer] or ["name", one-hot list]'


def find_dataset_json(files: Files) -> list[str]:
    """List the files named dataset.json."""
    return [name for name in files if name.rpartition("/")[2] == DATASET_JSON]


def read_dataset_json(path: Path, files: Files) -> dict[str, Any]:
    """Read the labels of each dataset.json that has StyleGAN's key `labels`; the result is keyed by the file's name."""
    contents = {name: _parse(path, name, files) for name in find_dataset_json(files)}
    return {name: content["labels"] for name, content in contents.items() if "labels" in content}


def arrange_by_labels(path: Path, pictures: Sequence[str], found: Mapping[str, Any]) -> Layout:
    """Return the layout of the pictures by the labels `found`; DataError: some are missing or malformed."""
    labels = {name: label for file, content in found.items() for name, label in _labels(path, file, content)}
    test = arrange(pictures, "none").test
    if not labels:
        return Layout((), [NO_CLASS] * len(pictures), test)
    without = [name for name in pictures if name not in labels]
    if without:
        received = f"none for {len(without)} of {len(pictures)}, the first {printable(without[0])!r}"
        raise _unusable(path, DATASET_JSON, "a label for every picture", received)
    values = [labels[name] for name in pictures]
    classes = sort_classes(str(value) for value in values if value != NO_CLASS)
    number = {name: at for at, name in enumerate(classes)}
    return Layout(classes, [number.get(str(value), NO_CLASS) for value in values], test)


def _parse(path: Path, name: str, files: Files) -> dict[str, Any]:
    file = files[name]
    try:
        content = json.loads(read_or_raise(file)) if not isinstance(file, str) else {}
    except (UnreadablePicture, ValueError, RecursionError) as error:
        raise _unusable(path, name, "a JSON file", str(error)) from None
    return content if isinstance(content, dict) else {}


def _labels(path: Path, file: str, content: Any) -> Iterator[tuple[str, int]]:
    folder = file.removesuffix(DATASET_JSON)
    for entry in _list(path, file, content or []):
        match entry:
            case [str() as name, int() as label] if not isinstance(label, bool) and label >= NO_CLASS:
                pass
            case [str() as name, [*values]] if values.count(1) == 1 and values.count(0) == len(values) - 1:
                label = values.index(1)
            case _:
                raise _unusable(path, file, _FORM, printable(str(entry))[:80])
        yield folder + normalize_name(name.replace("\\", "/")), label


def _list(path: Path, file: str, content: Any) -> list[Any]:
    if not isinstance(content, list):
        raise _unusable(path, file, _FORM, type(content).__name__)
    return content


def _unusable(path: Path, name: str, expected: str, received: str) -> DataError:
    remedy = "Correct or remove dataset.json, or ignore its labels with data_preparation.classes=folders or none."
    return unusable(path / name, expected, received, remedy)
