"""Views are files of one folder, which is replaced whole."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError
from PIL import Image

from ganops.errors import ConfigurationError, StorageError
from ganops.kedro_datasets.views_dataset import ViewsDataset

PICTURE = Image.new("L", (9, 7), 100)
TABLE = pd.DataFrame({"rank": [1, 2], "distance": [0.1, 1 / 3]})


def views_at(folder: Path) -> ViewsDataset:
    return ViewsDataset(filepath=str(folder / "views"), frames_per_second=20)


def draw_all() -> dict[str, Any]:
    frames = [Image.new("L", (9, 7), value) for value in (10, 20)]
    return {
        "samples": lambda: {"png": PICTURE},
        "animation": lambda: {"gif": frames},
        "neighbours": lambda: {"png": PICTURE, "csv": TABLE},
        "texts": lambda: {"md": "# ä\n"},
        "files": lambda: {"zip": {"b.png": b"2", "a.png": b"1"}},
    }


def read_bytes(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_content_is_a_file_that_is_read_back(tmp_path: Path) -> None:
    dataset = views_at(tmp_path)
    assert not dataset.exists()
    dataset.save(draw_all())
    assert dataset.exists()
    files = {name: load() for name, load in dataset.load().items()}
    assert sorted(files) == [
        "animation.gif",
        "files.zip",
        "neighbours.csv",
        "neighbours.png",
        "samples.png",
        "texts.md",
    ]
    assert files["samples.png"] == files["neighbours.png"] == PICTURE and files["texts.md"] == "# ä\n"
    assert files["files.zip"] == {"a.png": b"1", "b.png": b"2"}
    assert [int(np.asarray(frame)[0, 0]) for frame in files["animation.gif"]] == [10, 20]
    pd.testing.assert_frame_equal(files["neighbours.csv"], TABLE)


def test_equal_views_have_equal_bytes(tmp_path: Path) -> None:
    for name in "ab":
        views_at(tmp_path / name).save(draw_all())
    assert read_bytes(tmp_path / "a") == read_bytes(tmp_path / "b") != {}


def test_views_of_an_earlier_game_are_removed(tmp_path: Path) -> None:
    views_at(tmp_path).save(draw_all())
    views_at(tmp_path).save({"other": lambda: {"png": PICTURE}})
    assert sorted(read_bytes(tmp_path)) == ["views/other.png"]


def test_one_view_at_a_time_is_in_memory(tmp_path: Path) -> None:
    """When a view is drawn, those before it are files."""
    files_before: list[int] = []

    def draw() -> Mapping[str, Any]:
        files_before.append(len([path for path in tmp_path.rglob("*.png") if path.is_file()]))
        return {"png": PICTURE}

    views_at(tmp_path).save(dict.fromkeys("abc", draw))
    assert files_before == [0, 1, 2]


def test_a_view_that_fails_leaves_the_earlier_folder(tmp_path: Path) -> None:
    views_at(tmp_path).save(draw_all())
    before = read_bytes(tmp_path)

    def fail() -> Mapping[str, Any]:
        raise ConfigurationError("a view", expected="b", received="c", remedy="d.")

    with pytest.raises(DatasetError, match="a view: expected b") as caught:
        views_at(tmp_path).save({"samples": lambda: {"png": Image.new("L", (1, 1))}, "broken": fail})
    assert isinstance(caught.value.__cause__, ConfigurationError)
    assert read_bytes(tmp_path) == before


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="views: ") as caught:
        views_at(tmp_path).load()
    assert isinstance(caught.value.__cause__, StorageError)


def test_a_speed_that_gif_cannot_store_is_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="a divisor of 100"):
        ViewsDataset(filepath=str(tmp_path / "views"), frames_per_second=30)
