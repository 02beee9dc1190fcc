"""Pictures in a folder, of a bundle or of a registered model."""

from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganops.bundle import Bundle
from ganops.errors import BundleError, RegistryError, RequestError
from ganops.evaluation.report import Report
from ganops.evaluation_config import RegistrationParameters
from ganops.games.request import LatentRequest
from ganops.registry.generate import generate_to_folder
from ganops.registry.mlflow_registry import register_bundle
from ganops.registry.origin import Origin

VALUES = {"n": 5, "seed": 7}
REQUEST = LatentRequest.model_validate(VALUES)


def test_equal_requests_write_equal_bytes(bundle: Bundle, tmp_path: Path) -> None:
    one, two = (generate_to_folder(str(bundle.path), VALUES, tmp_path / name / "deep") for name in "ab")
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    assert generate_to_folder(str(bundle.path), VALUES, tmp_path / "a" / "deep") == one
    expected = bundle.generate(REQUEST)
    assert expected.labels is not None
    assert [path.name for path in one] == [f"7_{i:04d}_{label}.png" for i, label in enumerate(expected.labels.tolist())]
    assert np.array_equal(np.stack([np.asarray(Image.open(path)) for path in one]), expected.values[:, 0].numpy())


def test_points_are_written_as_a_table_that_reads_back_exactly(point_bundle: Bundle, tmp_path: Path) -> None:
    (path,) = generate_to_folder(str(point_bundle.path), VALUES, tmp_path / "out")
    table, expected = pd.read_csv(path, dtype=np.float32), point_bundle.generate(REQUEST)
    assert path.name == "points.csv" and list(table) == ["x1", "x2", "x3", "class"]
    np.testing.assert_array_equal(table[["x1", "x2", "x3"]].to_numpy(), expected.values.numpy())
    assert expected.labels is not None and table["class"].tolist() == expected.labels.tolist()
    with pytest.raises(RequestError, match="other samples"):
        generate_to_folder(str(point_bundle.path), {**VALUES, "seed": 8}, tmp_path / "out")


def test_another_picture_is_never_overwritten(bundle: Bundle, tmp_path: Path) -> None:
    asked = {**VALUES, "class_label": 1}
    paths = generate_to_folder(str(bundle.path), asked, tmp_path / "out")
    before = [path.read_bytes() for path in paths]
    with pytest.raises(RequestError, match="other samples"):
        generate_to_folder(str(bundle.path), {**asked, "truncation": 0.5, "n": 9}, tmp_path / "out")
    assert sorted((tmp_path / "out").iterdir()) == paths
    assert [path.read_bytes() for path in paths] == before


def test_a_registered_model_gives_the_bundles_bytes(
    bundle: Bundle, report: Report, run: mlflow.ActiveRun, tmp_path: Path, lock: Path
) -> None:
    gate = RegistrationParameters(compare_by="fid")
    register_bundle("given", bundle, report, gate, Origin("c" * 40, "false"), lock)
    written = [
        [path.read_bytes() for path in generate_to_folder(uri, VALUES, tmp_path / f"out{number}")]
        for number, uri in enumerate(["models:/given@champion", "models:/given/1", str(bundle.path)])
    ]
    assert written[0] == written[1] == written[2]
    with pytest.raises(RegistryError, match=r"versions \[1\], champion = version 1"):
        generate_to_folder("models:/given@previous", VALUES, tmp_path)
    with pytest.raises(RegistryError, match="expected version 9"):
        generate_to_folder("models:/given/9", VALUES, tmp_path)
    with pytest.raises(RegistryError, match=r"no such model, only .*given"):
        generate_to_folder("models:/taken@champion", VALUES, tmp_path)


@pytest.mark.parametrize(
    "uri", ["models:/given", "models:/given/Production", "models:/@champion", "models:/given/99999999999999999999"]
)
def test_an_address_that_is_none(uri: str, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="NAME@ALIAS"):
        generate_to_folder(uri, VALUES, tmp_path)


def test_a_folder_that_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"bundle\.json"):
        generate_to_folder(str(tmp_path), VALUES, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_version_with_a_bundle_of_an_older_format_names_the_command(
    bundle: Bundle,
    report: Report,
    run: mlflow.ActiveRun,
    tmp_path: Path,
    lock: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    register_bundle("older", bundle, report, RegistrationParameters(compare_by="fid"), Origin("c" * 40, "false"), lock)
    monkeypatch.setattr("ganops.bundle_description.FORMAT", 6)
    with pytest.raises(
        RegistryError, match=r"older version 1 cannot be read: bundle\.json: expected format 6.*`kedro run`"
    ):
        generate_to_folder("models:/older@champion", VALUES, tmp_path)
