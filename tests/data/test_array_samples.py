"""Samples that are stored unchanged."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ganops.data.loader import Loader, read_fields
from ganops.data.preparation import prepare
from ganops.data.sources.gaussians import gaussians_25
from ganops.data.sources.source import ArraySamples
from ganops.data.store import NO_CLASS, FieldFormat, Store
from ganops.errors import ConfigurationError

from .. import parameters as of_base
from .conftest import PARAMETERS

POINTS = np.arange(120, dtype=np.float32).reshape(40, 3)


def unlabelled(points: np.ndarray = POINTS) -> ArraySamples:
    return ArraySamples("line", "point", points, np.full(len(points), NO_CLASS), ())


def written(samples: ArraySamples, path: Path) -> Store:
    prepare(samples, PARAMETERS)[0].write(path)
    return Store.open(path)


def test_the_store_contains_the_points_unchanged(tmp_path: Path) -> None:
    store = written(unlabelled(), tmp_path / "store")
    assert store.fields == {"point": FieldFormat("float32", (3,), "float32_quarter")}
    np.testing.assert_array_equal(store.read("point", np.arange(40)), POINTS)
    assert store.manifest["file"].tolist()[7] == "line:7"


def test_equal_points_are_duplicates_and_stay_together(tmp_path: Path) -> None:
    store = written(unlabelled(np.concatenate([POINTS, POINTS[:10]])), tmp_path / "store")
    assert store.manifest["duplicate_of"].tolist() == [-1] * 40 + [*range(10)]
    splits = store.manifest["split"].tolist()
    assert splits[40:] == splits[:10]


def test_a_limit_takes_equally_many_of_every_mode() -> None:
    prepared, report = prepare(gaussians_25(), of_base.data_preparation(limit=1_000))
    np.testing.assert_array_equal(np.bincount(prepared.manifest["label"]), 40)
    assert report["splits"]["train"]["per_class"] == dict.fromkeys(map(str, range(25)), 28)
    assert "near_duplicates" not in report and "skipped" not in report
    kept = [int(file.removeprefix("gaussians_25:")) for file in prepared.manifest["file"]]
    np.testing.assert_array_equal(prepared.arrays["point"], gaussians_25().values[kept])
    np.testing.assert_array_equal(prepared.arrays["label"], gaussians_25().labels[kept])


def test_the_model_sees_a_quarter_of_the_coordinates(tmp_path: Path) -> None:
    loader = Loader(written(unlabelled(), tmp_path / "store"), "train", read_fields("point"), seed=1)
    shown = loader.batch(0, len(loader))["point"]
    rows = loader._indices  # Each epoch shows every sample once.
    expected = torch.from_numpy(POINTS[rows]) / 4
    assert torch.equal(shown.sort(dim=0).values, expected)


def test_parameters_of_pictures_are_refused_for_points() -> None:
    with pytest.raises(ConfigurationError, match=r"data_preparation.height: expected null"):
        prepare(unlabelled(), of_base.data_preparation(source="gaussians_25", height=64))
