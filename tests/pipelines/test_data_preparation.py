import json
from pathlib import Path

import pytest
import yaml
from kedro.io import DataCatalog
from kedro.runner import SequentialRunner
from kedro.validation.type_extractor import TypeExtractor
from PIL import Image

from ganops.data.store import Store
from ganops.errors import DataError
from ganops.pipelines.data_preparation.pipeline import create_pipeline
from ganops.preparation_config import DataPreparationParameters

from .. import parameters as of_base

PROJECT = Path(__file__).parents[2]


def catalog(root: Path) -> DataCatalog:
    """Return the entries of conf/base, moved below `root`."""
    text = (PROJECT / "conf/base/catalog_data_preparation.yml").read_text()
    entries = yaml.safe_load(text.replace("${globals:environment}", "smoke"))
    for entry in entries.values():
        entry["filepath"] = str(root / entry["filepath"])
    return DataCatalog.from_config(entries)


def parameters(environment: str) -> DataPreparationParameters:
    values = yaml.safe_load((PROJECT / f"conf/{environment}/parameters_data_preparation.yml").read_text())
    return of_base.data_preparation(**values["data_preparation"])


def run(root: Path, environment: str = "smoke") -> dict[str, bytes]:
    entries = catalog(root)
    entries["params:data_preparation"] = parameters(environment)
    SequentialRunner().run(create_pipeline(), entries)
    return {file.relative_to(root).as_posix(): file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()}


def test_the_pipeline_writes_the_same_bytes_wherever_it_runs(tmp_path: Path) -> None:
    first = run(tmp_path / "one")
    assert first == run(tmp_path / "two")
    store = "data/03_primary/smoke/store"
    expected = [f"{store}/{name}" for name in ("image.npy", "label.npy", "manifest.parquet", "store.json")]
    assert sorted(first) == [*expected, "data/08_reporting/smoke/preparation.json"]


def test_the_report_agrees_with_the_store(tmp_path: Path) -> None:
    files = run(tmp_path)
    report = json.loads(files["data/08_reporting/smoke/preparation.json"])
    store = Store.open(tmp_path / "data/03_primary/smoke/store")
    sizes = {name: split["samples"] for name, split in report["splits"].items()}
    assert sizes == {name: len(store.indices(name)) for name in ("train", "validation", "held_out")}
    assert sizes == {"train": 210, "validation": 30, "held_out": 60}
    assert report["classes"] == list(store.classes) == list("0123456789")


def test_ones_own_photographs_of_any_size_become_small_colour_pictures(tmp_path: Path) -> None:
    folder = tmp_path / "data/01_raw/smoke"
    for index in range(20):
        path = folder / ("cat", "dog")[index % 2] / f"{index}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (400 + index, 300), (10 * index, 0, 0)).save(path)
    run(tmp_path, "image_folder")
    store = Store.open(tmp_path / "data/03_primary/smoke/store")
    assert (store.fields["image"].shape, store.classes) == ((3, 64, 64), ("cat", "dog"))


def test_the_derived_shape_and_a_summary_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="ganops"):
        run(tmp_path)
    assert [record.getMessage() for record in caplog.records if record.name.startswith("ganops")] == [
        "samples of channels 1, height 28, width 28: median 28 × 28 of 100 sampled pictures, all arrays of one size: "
        "kept where null; channels: 0 of 100 sampled pictures have colour",
        "prepared 300 samples; 10 classes from labels (0, 1, 2, 3, 4, 5, 6, 7, 8, 9); duplicates 0, near duplicates 0, "
        "skipped 0, ignored 0",
    ]


def test_too_many_bad_pictures_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary, folder = tmp_path / "temporary", tmp_path / "root/data/01_raw/smoke"
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    temporary.mkdir()
    for index in range(20):
        path = folder / ("cat", "dog")[index % 2] / f"{index}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), (10 * index, 0, 0)).save(path)
    (folder / "dog/bad.jpg").write_bytes(b"")
    with pytest.raises(DataError, match=r"received 1 \(dog/bad\.jpg: not a picture: an empty file\)"):
        run(tmp_path / "root", "image_folder")
    assert not list(temporary.iterdir())
    assert [path.name for path in (tmp_path / "root/data").iterdir()] == ["01_raw"]


def test_kedro_sees_the_type_of_the_parameters() -> None:
    # Where it cannot resolve an annotation of a node, Kedro warns and hands over a plain dictionary.
    found = TypeExtractor({"data_preparation": create_pipeline()}).extract_types_from_pipelines()
    assert found == {"data_preparation": DataPreparationParameters}
