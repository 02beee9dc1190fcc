"""Reads torchvision's data sets, with their own test part; missing files are downloaded into the folder.

torchvision checks the md5 of downloads, and of archives that are already there, which it unpacks without a network. The
files of MNIST and its variants are read by `idx`, packed or not. CIFAR's files are pickles, the only ones that are ever
unpickled, after that check. CelebA's pictures are read one by one on access; SVHN, STL10 and CIFAR are read into
memory.
"""

import tarfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np

from ganops.data.sources.arrays import channels_last
from ganops.data.sources.files import read_or_raise
from ganops.data.sources.idx import idx
from ganops.data.sources.parts import TEST_NAMES, Part, build_source_from_parts, read_labels
from ganops.data.sources.source import SampleRef, Source
from ganops.errors import ConfigurationError, DataError, suggest

_FAILURES = (OSError, EOFError, RuntimeError, ValueError, HTTPException, tarfile.TarError, zipfile.BadZipFile)


@dataclass(frozen=True)
class DataSet:
    """Arguments of torchvision's class for each part, and the files that the folder needs without a network."""

    parts: Mapping[str, Mapping[str, Any]]
    files: tuple[str, ...]


_MNIST_VARIANTS = ("MNIST", "FashionMNIST", "KMNIST")
_IDX = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
_BY_TRAIN = {"train": {"train": True}, "test": {"train": False}}
_BY_SPLIT = {"train": {"split": "train"}, "test": {"split": "test"}}
_CELEBA = (
    "img_align_celeba.zip",
    "list_attr_celeba.txt",
    "identity_CelebA.txt",
    "list_bbox_celeba.txt",
    "list_landmarks_align_celeba.txt",
    "list_eval_partition.txt",
)
DATA_SETS = {
    **{name: DataSet(_BY_TRAIN, tuple(f"{name}/raw/{file}" for file in _IDX)) for name in _MNIST_VARIANTS},
    "CIFAR10": DataSet(_BY_TRAIN, ("cifar-10-python.tar.gz",)),
    "CIFAR100": DataSet(_BY_TRAIN, ("cifar-100-python.tar.gz",)),
    "SVHN": DataSet(_BY_SPLIT, ("train_32x32.mat", "test_32x32.mat")),
    "STL10": DataSet(_BY_SPLIT, ("stl10_binary.tar.gz",)),
    "CelebA": DataSet({**_BY_SPLIT, "valid": {"split": "valid"}}, tuple(f"celeba/{file}" for file in _CELEBA)),
}


def torchvision(path: Path, name: str | None) -> Source:
    """Return all pictures of the data set `name`, stored in the folder `path`.

    Raises:
        ConfigurationError: unknown data set.
        DataError: files are missing and cannot be downloaded, or are damaged.
    """
    if name not in DATA_SETS:
        raise _unknown(name)
    if name in _MNIST_VARIANTS:
        return _idx(path, name)
    opened = {part: _open(path, name, options) for part, options in DATA_SETS[name].parts.items()}
    if name == "CelebA":
        return Source([reference for part, data in opened.items() for reference in _files(part, data)], ())
    named = partial(_class_name, path, getattr(opened["train"], "classes", ()))
    return build_source_from_parts(
        path, [_part(f"{name} in {path}", part, data, named) for part, data in opened.items()]
    )


def _idx(path: Path, name: str) -> Source:
    from torchvision import datasets

    files = [path / file for file in DATA_SETS[name].files]
    if not all(file.is_file() or file.with_suffix("").is_file() for file in files):
        _open(path, name, {})
    return idx(files[0].parent, partial(_class_name, path, getattr(datasets, name).classes))


def _class_name(path: Path, names: Sequence[str], label: int) -> str:
    if not names:
        return str(label)
    if not 0 <= label < len(names):
        remedy = "Delete the files, so that they are downloaded again."
        raise DataError(str(path), expected=f"labels from 0 to {len(names) - 1}", received=str(label), remedy=remedy)
    # MNIST's are "0 - zero" to "9 - nine".
    return names[label].partition(" - ")[0]


def _open(path: Path, name: str, options: Mapping[str, Any]) -> Any:
    from torchvision import datasets

    make = partial(getattr(datasets, name), root=path, **options)
    try:
        return make(download=False)
    except _FAILURES:
        path.mkdir(parents=True, exist_ok=True)
    try:
        return make(download=True)
    except _FAILURES as error:
        raise _missing(path, name, error) from None


def _part(subject: str, name: str, data: Any, named: Callable[[Any], str]) -> Part:
    labels = np.asarray(data.targets if hasattr(data, "targets") else data.labels, np.int64)
    pictures = channels_last(subject, np.asarray(data.data))
    return Part(name, pictures, read_labels(labels, named), name in TEST_NAMES)


def _files(part: str, data: Any) -> list[SampleRef]:
    folder = Path(data.root) / data.base_folder / "img_align_celeba"
    reads = ((name, (folder / name).read_bytes) for name in data.filename)
    return [SampleRef(name, partial(read_or_raise, read), test=part in TEST_NAMES) for name, read in reads]


def _missing(path: Path, name: str, error: Exception) -> DataError:
    reason = " ".join(str(error).split())
    return DataError(
        f"{name} in {path}",
        expected="the files " + ", ".join(DATA_SETS[name].files) + " in that folder, or a network to download them",
        received=f"not all of them, and the download failed ({type(error).__name__}: {reason})",
        remedy="Put the files there, each at exactly that path, or run again with a network.",
    )


def _unknown(name: str | None) -> ConfigurationError:
    return ConfigurationError(
        "data_preparation.dataset",
        expected="one of " + ", ".join(DATA_SETS),
        received=repr(name),
        remedy=suggest(name, DATA_SETS, cutoff=0.0) if name else "Set it, in parameters_data_preparation.yml.",
    )
