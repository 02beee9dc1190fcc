import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from ganops.config import SourceKind
from ganops.data.sources.build import build_source
from ganops.data.sources.source import Source
from ganops.errors import DataError
from ganops.preparation_config import PictureLimits

from .made import fill
from .test_idx import write as write_idx
from .test_table import rows
from .test_table import write as write_table

PICTURES = np.zeros((2, 6, 6), np.uint8)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Return a folder with two pictures in every form."""
    fill(tmp_path / "image_folder", "1.png", "2.png")
    for kind in ("idx", "arrays"):
        (tmp_path / kind).mkdir()
    write_idx(tmp_path / "idx" / "images-idx3-ubyte", PICTURES)
    np.save(tmp_path / "arrays" / "x.npy", PICTURES)
    write_table(tmp_path / "table" / "a.parquet", rows(2))
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("image_folder", ["1.png", "2.png"]),
        ("idx", ["images-idx3-ubyte:0", "images-idx3-ubyte:1"]),
        ("arrays", ["x:0", "x:1"]),
        ("table", ["a.parquet:0", "a.parquet:1"]),
    ],
)
def test_each_kind_reads_its_own_files(raw: Path, kind: SourceKind, names: list[str]) -> None:
    source = build_source(kind, raw / kind)
    assert isinstance(source, Source)
    assert [reference.name for reference in source.references] == names


@pytest.mark.parametrize("name", ["m.npz", "train-images-idx3-ubyte.gz", "a.parquet"])
def test_excessive_expansion_is_refused(tmp_path: Path, name: str) -> None:
    zeros = np.zeros(70_000_000, np.uint8)
    match name.rpartition(".")[2]:
        case "npz":
            np.savez_compressed(tmp_path / name, x=zeros.reshape(7000, 100, 100))
        case "gz":
            (tmp_path / name).write_bytes(gzip.compress(zeros.tobytes(), 1))
        case _:
            options = {"use_dictionary": False, "compression": "zstd"}
            parquet.write_table(pa.table({"image": [zeros.tobytes()]}), tmp_path / name, **options)
    kind = {"m.npz": "arrays", "a.parquet": "table"}.get(name, "idx")
    with pytest.raises(DataError, match=r"data_preparation\.limits\.expansion=1 allows\. Raise data_preparation"):
        build_source(kind, tmp_path, limits=PictureLimits(expansion=1))  # type: ignore[arg-type]
