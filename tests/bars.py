"""A small labelled store: bars at one of four places, with noise, which a classifier learns at once."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ganops.data.preparation import prepare
from ganops.data.sources.source import SampleRef, Source
from ganops.data.store import Store
from ganops.evaluation_config import ClassifierParameters
from ganops.extractors.classifier import Classifier
from ganops.extractors.train_classifier import train_classifier

from . import parameters as of_base

CLASSES = ("a", "b", "c", "d")
PARAMETERS = of_base.classifier(total_images=3000, batch=30, width=4, dimension=8, translation=0)


def bars(labels: np.ndarray, seed: int) -> np.ndarray:
    """Pictures (N, 9, 10, 1) uint8: class k is a bright bar in rows 2k and 2k + 1."""
    pictures = np.random.default_rng(seed).integers(0, 60, (len(labels), 9, 10, 1), dtype=np.uint8)
    for picture, label in zip(pictures, labels, strict=True):
        picture[2 * label : 2 * label + 2] += 180
    return pictures


def store_of(path: Path, classes: tuple[str, ...]) -> Store:
    labels = np.arange(200) % len(CLASSES)
    pictures = bars(labels, 0)
    references = [
        SampleRef(f"{i}.png", pictures[i].copy, int(label) if classes else -1) for i, label in enumerate(labels)
    ]
    prepare(Source(references, classes), of_base.data_preparation())[0].write(path)
    return Store.open(path)


@pytest.fixture(scope="session")
def parameters() -> ClassifierParameters:
    return PARAMETERS


@pytest.fixture(scope="session")
def unlabelled(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return store_of(tmp_path_factory.mktemp("unlabelled") / "store", ())


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return store_of(tmp_path_factory.mktemp("labelled") / "store", CLASSES)


@pytest.fixture(scope="session")
def classifier(store: Store) -> Classifier:
    return train_classifier(store, PARAMETERS, threads=1)


@pytest.fixture(scope="session")
def pictures() -> torch.Tensor:
    """Thirty pictures (30, 1, 9, 10) that are in no store."""
    return torch.from_numpy(bars(np.arange(30) % len(CLASSES), 1)).permute(0, 3, 1, 2).contiguous()
