import signal
import unicodedata
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from ganops.data.preparation import prepare
from ganops.data.sources.image_folder import image_folder
from ganops.data.sources.source import SampleRef, Source
from ganops.data.store import Store
from ganops.errors import DataError
from ganops.preparation_config import DataPreparationParameters

from .. import parameters as of_base
from . import hostile
from .encoded import encoded, picture, png


def tolerating(share: float) -> DataPreparationParameters:
    return of_base.data_preparation(tolerated_bad_share=share)


def shown(name: str) -> str:
    return unicodedata.normalize("NFC", name).encode("utf-8", "backslashreplace").decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile")
    hostile.write(path)
    return path


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that receives all temporary files."""
    path = tmp_path / "temporary"
    path.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(path))
    return path


def test_every_good_picture_becomes_a_sample_and_every_bad_one_is_named(
    folder: Path, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    prepared, report = prepare(image_folder(folder), tolerating(0.2))
    bad = {shown(name): reason for name, (_, reason) in hostile.bad().items()}
    assert {skipped["file"]: skipped["reason"] for skipped in report["skipped"]["first"]} == bad
    assert (report["skipped"]["count"], report["samples"]) == (hostile.BAD, hostile.GOOD)
    assert sum(report["skipped"]["by_reason"].values()) == hostile.BAD
    assert set(prepared.manifest["file"]) == {shown(name) for name in hostile.good()}
    assert report["classes"] == ["dog", "قطة"]
    assert not [warning for warning in recwarn if "PIL" in warning.filename]
    prepared.write(tmp_path / "store")
    assert Store.open(tmp_path / "store").manifest.equals(prepared.manifest)


def test_the_same_folder_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    written = []
    for workers in (1, 5):
        prepared, report = prepare(image_folder(folder), tolerating(0.2), workers=workers)
        prepared.write(tmp_path / str(workers))
        written.append((report, {file.name: file.read_bytes() for file in (tmp_path / str(workers)).iterdir()}))
    assert written[0] == written[1]


def test_too_many_bad_pictures_stop_it_without_leftovers(folder: Path, temporary: Path) -> None:
    with pytest.raises(DataError, match=r"at most 39 of 200 .* received 40 \(dog/bad 1 by 60000\.png: so narrow"):
        prepare(image_folder(folder), tolerating(0.199))
    assert not list(temporary.iterdir())


def test_an_interruption_stops_it_without_leftovers(temporary: Path) -> None:
    loaded = []

    def load(row: int) -> np.ndarray:
        loaded.append(row)
        if row == 100:
            signal.raise_signal(signal.SIGINT)
        return np.full((4, 4, 1), 99, dtype=np.uint8)

    references = [SampleRef(str(row), partial(load, row)) for row in range(20_000)]
    with pytest.raises(KeyboardInterrupt):
        prepare(Source(references, ()), of_base.data_preparation(height=4, width=4, channels=1), workers=2)
    assert len(loaded) < 2_000
    assert not list(temporary.iterdir())


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected pictures, received none"):
        image_folder(tmp_path)


def test_an_archive_with_an_outside_entry_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "climbing.zip", "w") as archive:
        for name in ("cat/1.png", "../../climbed.png"):
            archive.writestr(name, encoded(picture(0)))
    with pytest.raises(DataError, match="climbed"):
        image_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["climbing.zip"]
    assert not list(tmp_path.parent.parent.glob("climbed*"))


def test_one_class_and_a_thousand(tmp_path: Path) -> None:
    for count in (1, 1000):
        root = tmp_path / str(count)
        for k in range(max(count * 3, 20)):
            path = root / f"class {k % count:04}" / f"{k}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(4, 4, rows=4 * (b"\0\xff" + k.to_bytes(3))))
        _, report = prepare(image_folder(root), tolerating(0.0))
        assert len(report["classes"]) == len(report["splits"]["held_out"]["per_class"]) == count
        assert min(report["splits"]["held_out"]["per_class"].values()) >= 1
