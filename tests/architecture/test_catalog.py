"""Every dataset of the catalog is written atomically, and replaces the old file: no link is written through."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from kedro.io import AbstractDataset, DatasetError
from PIL import Image

from ganops.bundle import BundleData
from ganops.data.preparation import prepare
from ganops.data.sources.source import SampleRef, Source
from ganops.data.store import PreparedData
from ganops.errors import StorageError
from ganops.extractors.build import Pretrained, StoredExtractor
from ganops.networks.build import build_networks

from .. import parameters as of_base
from ..parameters import images, resolve_settings
from ..reports import make_report

CONF = Path(__file__).parents[2] / "conf" / "base"
ENTRIES = {
    name: entry
    for file in sorted(CONF.glob("catalog*.yml"))
    for name, entry in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).items()
}
# Handles write nothing: their content is written elsewhere.
HANDLES = {"FolderDataset", "RegisteredModelDataset"}
# No file of the datasets below is as small: the kernel refuses the rest, as on a full disk.
MOST_BYTES = 4


def picture(value: int) -> Image.Image:
    return Image.new("L", (8, 8), value)


def bundle(value: int) -> BundleData:
    sizes = {"base_channels": 4, "latent_dimension": 4, "batch": 4, "total_images": 8}
    settings = resolve_settings("dcgan", images(1, 8, 8, 2), train_count=8, seed=value, **sizes)
    networks = {"generator": build_networks(settings)["generator"]}
    return BundleData(settings, networks, ("a", "b"), (0.5, 0.5), "f1" * 16, "5d" * 32)


def store(value: int) -> PreparedData:
    pictures = [SampleRef(str(i), partial(np.full, (4, 4, 1), 20 + i + value, np.uint8)) for i in range(20)]
    return prepare(Source(pictures, ()), of_base.data_preparation())[0]


# Class → function from a number to content that differs for different numbers.
CONTENTS: dict[str, Callable[[int], Any]] = {
    "BundleDataset": bundle,
    "CSVDataset": lambda value: pd.DataFrame({"images_seen": [value], "loss": [0.1]}),
    "ImageDataset": picture,
    "JSONDataset": lambda value: {"seed": value, "name": "ä"},
    "FeatureExtractorDataset": lambda value: StoredExtractor(
        Pretrained("efficientnet_lite0", str(value)), "5d" * 32, {}
    ),
    "ReportDataset": lambda value: make_report({"fid": float(value)}),
    "SafetensorsDataset": lambda value: {"weights": torch.full((3,), float(value))},
    "StoreDataset": store,
    "TextDataset": lambda value: f"# Model {value}, ä\n",
    "ViewsDataset": lambda value: {
        "samples": lambda: {"png": picture(value), "csv": pd.DataFrame({"rank": [value]})},
        "animation": lambda: {"gif": [picture(value), picture(value + 1)]},
        "texts": lambda: {"md": f"{value}\n"},
    },
}


def class_name(entry: dict[str, Any]) -> str:
    return entry["type"].rpartition(".")[2]


WRITTEN = {name: entry for name, entry in ENTRIES.items() if class_name(entry) not in HANDLES}
every_written_entry = pytest.mark.parametrize("name", WRITTEN)


def dataset_at(name: str, folder: Path) -> AbstractDataset[Any, Any]:
    path = folder / Path(ENTRIES[name]["filepath"]).name
    return AbstractDataset.from_config(name, {**ENTRIES[name], "filepath": str(path)})


def content_of(name: str, value: int) -> Any:
    return CONTENTS[class_name(ENTRIES[name])](value)


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def small_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def linked(folder: Path, cache: Path, link: Callable[[Path, Path], None]) -> None:
    """Move the files to the cache, read-only as DVC keeps them, and leave links."""
    cache.mkdir()
    for number, path in enumerate(path for path in sorted(folder.rglob("*")) if path.is_file()):
        kept = cache / str(number)
        path.rename(kept)
        kept.chmod(0o444)
        link(kept, path)


def test_every_class_of_the_catalog_is_tested() -> None:
    assert {class_name(entry) for entry in WRITTEN.values()} == set(CONTENTS)
    assert len(WRITTEN) >= 24


@every_written_entry
def test_a_write_that_fails_half_way_leaves_the_old_file_alone(name: str, tmp_path: Path) -> None:
    dataset = dataset_at(name, tmp_path)
    dataset.save(content_of(name, 1))
    old = files(tmp_path)
    new = content_of(name, 2)
    with small_files(), pytest.raises(DatasetError, match="start again: complete files are unchanged") as caught:
        dataset.save(new)
    assert isinstance(caught.value.__cause__, StorageError)
    assert files(tmp_path) == old != {}


@every_written_entry
@pytest.mark.parametrize("link", [os.link, os.symlink], ids=["hardlink", "symlink"])
def test_a_link_into_a_cache_is_replaced_and_the_cache_is_unchanged(
    name: str, link: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    here, cache = tmp_path / "here", tmp_path / "cache"
    dataset = dataset_at(name, here)
    dataset.save(content_of(name, 2))
    new = files(here)
    dataset.save(content_of(name, 1))
    linked(here, cache, link)
    old = files(cache)
    dataset.save(content_of(name, 2))
    assert files(here) == new
    assert files(cache) == old
    assert not [path for path in here.rglob("*") if path.is_symlink()]


SAVE_AND_LOAD = r"""
import sys, pandas as pd
from ganops.kedro_datasets.csv_dataset import CSVDataset
from ganops.kedro_datasets.text_dataset import TextDataset
text, table = TextDataset(filepath=sys.argv[1] + "/text"), CSVDataset(filepath=sys.argv[1] + "/table")
text.save("\u4e2d"), table.save(pd.DataFrame({"class": ["\u4e2d"]}))
print(ascii([text.load(), table.load()["class"][0]]))
"""


def test_texts_are_utf_8_in_any_locale(tmp_path: Path) -> None:
    ascii_locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-c", SAVE_AND_LOAD, str(tmp_path)]
    result = subprocess.run(command, env={**os.environ, **ascii_locale}, capture_output=True, text=True, check=False)
    assert result.stdout.strip() == ascii(["中", "中"]), result.stderr
    assert (tmp_path / "text").read_bytes() == "中".encode()
    assert (tmp_path / "table").read_bytes() == "class\n中\n".encode()
