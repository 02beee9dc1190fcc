import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from kedro.io import DatasetError

from ganops.data.preparation import prepare
from ganops.data.sources.source import SampleRef, Source
from ganops.data.store import PreparedData, Store
from ganops.errors import DataError
from ganops.kedro_datasets.folder_dataset import FolderDataset
from ganops.kedro_datasets.store_dataset import StoreDataset

from .. import parameters as of_base


def prepared() -> PreparedData:
    pictures = [SampleRef(str(i), partial(np.full, (4, 4, 1), 20 + i, np.uint8)) for i in range(20)]
    return prepare(Source(pictures, ()), of_base.data_preparation())[0]


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    dataset = StoreDataset(filepath=str(tmp_path / "store"))
    assert not dataset.exists()
    dataset.save(prepared())
    assert dataset.exists()
    store = dataset.load()
    assert isinstance(store, Store)
    assert store.read("image", np.arange(20))[:, 0, 0, 0].tolist() == list(range(20, 40))


def test_a_missing_store_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="kedro run --pipelines data_preparation") as caught:
        StoreDataset(filepath=str(tmp_path / "store")).load()
    assert isinstance(caught.value.__cause__, DataError)


def test_a_folder_is_a_handle(tmp_path: Path) -> None:
    folder = FolderDataset(filepath=str(tmp_path / "later"))
    assert folder.load() == tmp_path / "later"
    assert not folder.exists()
    with pytest.raises(DatasetError, match="expected to be a node's input only"):
        folder.save("anything")


def test_constructing_them_imports_no_torch() -> None:
    script = (
        "import sys; from ganops.kedro_datasets import folder_dataset, store_dataset; "
        "store_dataset.StoreDataset(filepath='x'); folder_dataset.FolderDataset(filepath='x'); "
        "import ganops.pipelines.data_preparation.pipeline as p; p.create_pipeline(); "
        "assert not {'torch', 'matplotlib', 'mlflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
