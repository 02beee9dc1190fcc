import hashlib
import pickle
import shutil
import tarfile
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
from torchvision import datasets
from torchvision.datasets import utils

from ganops.data.sources.build import build_source
from ganops.data.sources.idx import read_idx
from ganops.data.sources.source import Source
from ganops.data.sources.torchvision import DATA_SETS, torchvision
from ganops.errors import ConfigurationError, DataError

from .made import REAL_DATA, png
from .test_idx import write as write_idx

PICTURES = np.arange(3 * 28 * 28, dtype=np.int64).astype(np.uint8).reshape(3, 28, 28)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise URLError("no network in tests")

    monkeypatch.setattr(utils, "_urlretrieve", refuse)
    monkeypatch.setattr(utils, "_get_redirect_url", refuse)


def lay_mnist(folder: Path) -> None:
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, count in (("train", 3), ("t10k", 1)):
        write_idx(raw / f"{part}-images-idx3-ubyte", PICTURES[:count])
        write_idx(raw / f"{part}-labels-idx1-ubyte", np.array([9, 0, 9][:count]))


def test_files_in_the_folder_are_read_without_a_network(tmp_path: Path) -> None:
    lay_mnist(tmp_path)
    source = build_source("torchvision", tmp_path, "MNIST")
    assert isinstance(source, Source)
    assert source.classes == ("0", "9")
    assert [(r.name, r.label, r.test) for r in source.references] == [
        ("t10k-images-idx3-ubyte:0", 1, True),
        ("train-images-idx3-ubyte:0", 1, False),
        ("train-images-idx3-ubyte:1", 0, False),
        ("train-images-idx3-ubyte:2", 1, False),
    ]
    np.testing.assert_array_equal(source.references[3].load(), PICTURES[2][..., np.newaxis])


def lay_cifar(folder: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """CIFAR10's layout with eleven pictures, and the md5 of these files in the place of the published ones."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, 3072), np.uint8)
    base = folder / datasets.CIFAR10.base_folder
    base.mkdir(parents=True)

    def lay(name: str, content: dict) -> list[str]:
        (base / name).write_bytes(pickle.dumps(content))
        return [name, hashlib.md5((base / name).read_bytes()).hexdigest()]

    train = [lay(f"data_batch_{k}", {"data": pixels[2 * k : 2 * k + 2], "labels": [k, 9]}) for k in range(5)]
    meta = lay("batches.meta", {"label_names": [f"class {k}" for k in range(10)]})
    monkeypatch.setattr(datasets.CIFAR10, "train_list", train)
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [lay("test_batch", {"data": pixels[10:], "labels": [0, 9]})])
    monkeypatch.setattr(datasets.CIFAR10, "meta", {"filename": meta[0], "key": "label_names", "md5": meta[1]})
    return pixels.reshape(12, 3, 32, 32).transpose(0, 2, 3, 1)


def test_cifar10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = lay_cifar(tmp_path, monkeypatch)
    source = torchvision(tmp_path, "CIFAR10")
    assert source.classes == ("class 0", "class 1", "class 2", "class 3", "class 4", "class 9")
    assert [r.label for r in source.references] == [0, 5, 1, 5, 2, 5, 3, 5, 4, 5, 0, 5]
    assert [r.test for r in source.references] == [False] * 10 + [True] * 2
    np.testing.assert_array_equal([r.load() for r in source.references], pixels)


def test_a_changed_pickle_is_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_cifar(tmp_path, monkeypatch)
    (tmp_path / datasets.CIFAR10.base_folder / "test_batch").write_bytes(b"cos\nabort\n(tR.")  # would end the program
    with pytest.raises(DataError, match="the download failed"):
        torchvision(tmp_path, "CIFAR10")


def test_celeba_is_read_on_access(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.CelebA, "_check_integrity", lambda self: True)
    folder = tmp_path / "celeba"
    (folder / "img_align_celeba").mkdir(parents=True)
    names = [f"{i:06d}.jpg" for i in range(6)]
    tables = {"list_eval_partition": [0, 0, 1, 1, 2, 2], "identity_CelebA": [1] * 6}
    for name, values in tables.items():
        (folder / f"{name}.txt").write_text("".join(f"{n} {v}\n" for n, v in zip(names, values, strict=True)))
    for name in ("list_bbox_celeba", "list_landmarks_align_celeba", "list_attr_celeba"):
        (folder / f"{name}.txt").write_text("6\na b\n" + "".join(f"{n} 1 -1\n" for n in names))
    source = torchvision(tmp_path, "CelebA")
    for value, name in enumerate(names):
        (folder / "img_align_celeba" / name).write_bytes(png(value))
    assert source.classes == ()
    by_name = sorted(source.references, key=lambda reference: reference.name)
    assert [(r.name, r.load(), r.test) for r in by_name] == [(n, png(i), i >= 4) for i, n in enumerate(names)]


@pytest.mark.parametrize("name", ["SVHN", "STL10"])
def test_channels_first_and_the_attribute_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    class Stub:
        def __init__(self, root: Path, split: str, download: bool) -> None:
            self.data = np.arange(2 * 3 * 8 * 9, dtype=np.uint8).reshape(2, 3, 8, 9)
            self.labels = np.array([9, 1], np.uint8)

    monkeypatch.setattr(datasets, name, Stub)
    source = torchvision(tmp_path, name)
    picture = source.references[1].load()
    assert isinstance(picture, np.ndarray)
    assert (source.classes, picture.shape) == (("1", "9"), (8, 9, 3))
    assert picture[0, 0].tolist() == [(216 + 72 * channel) % 256 for channel in range(3)]


@pytest.mark.parametrize("name", DATA_SETS)
def test_missing_files_are_named_with_the_reason(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"received not all of them, and the download failed \(") as caught:
        torchvision(tmp_path / "raw", name)
    assert all(file in str(caught.value) for file in DATA_SETS[name].files)
    assert f"{name} in {tmp_path / 'raw'}" in str(caught.value)
    assert "no network in tests" in str(caught.value) or "gdown" in str(caught.value)


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST", "KMNIST", "CIFAR10", "CIFAR100", "SVHN", "STL10", "CelebA"])
def test_the_files_are_those_that_torchvision_needs(name: str) -> None:
    known: Any = getattr(datasets, name)
    wanted = {
        "MNIST": lambda: [f"{name}/raw/{file}" for file, _ in known.resources],
        "CIFAR": lambda: [known.filename],
        "SVHN": lambda: [known.split_list[split][1] for split in ("train", "test")],
        "STL10": lambda: [known.filename],
        "CelebA": lambda: [f"{known.base_folder}/{file}" for _, _, file in known.file_list],
    }
    assert list(DATA_SETS[name].files) == next(files for key, files in wanted.items() if key in name)()


@pytest.mark.parametrize(("name", "hint"), [("cifar10", "Did you mean CIFAR10"), (None, "Set it")])
def test_other_names_are_refused(tmp_path: Path, name: str | None, hint: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"data_preparation\.dataset: expected one of MNIST.*{hint}"):
        torchvision(tmp_path, name)


@pytest.mark.skipif(
    not (REAL_DATA / "fashion-mnist").is_dir(), reason="the real Fashion-MNIST is not beside the project"
)
def test_packed_files_are_read_without_a_network(tmp_path: Path) -> None:
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for file in (REAL_DATA / "fashion-mnist").glob("*.gz"):
        (raw / file.name).symlink_to(file)
    source = torchvision(tmp_path, "FashionMNIST")
    assert source.classes[0] == "T-shirt/top"
    assert np.bincount([r.label for r in source.references if not r.test]).tolist() == [6000] * 10
    assert np.bincount([r.label for r in source.references if r.test]).tolist() == [1000] * 10
    pictures = read_idx(REAL_DATA / "fashion-mnist" / "t10k-images-idx3-ubyte.gz", (8, 3))
    np.testing.assert_array_equal(source.references[7].load(), pictures[7][..., np.newaxis])


def test_archives_are_unpacked_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = lay_cifar(tmp_path, monkeypatch)
    base = tmp_path / datasets.CIFAR10.base_folder
    with tarfile.open(tmp_path / datasets.CIFAR10.filename, "w:gz") as archive:
        archive.add(base, base.name)
    shutil.rmtree(base)
    packed = (tmp_path / datasets.CIFAR10.filename).read_bytes()
    with pytest.raises(DataError, match="the download failed"):
        torchvision(tmp_path, "CIFAR10")  # another md5 than the published one
    monkeypatch.setattr(datasets.CIFAR10, "tgz_md5", hashlib.md5(packed).hexdigest())
    np.testing.assert_array_equal(torchvision(tmp_path, "CIFAR10").references[11].load(), pixels[11])


def test_an_incomplete_set_of_files_is_reported(tmp_path: Path) -> None:
    lay_mnist(tmp_path)
    (tmp_path / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte.*the download failed"):
        torchvision(tmp_path, "MNIST")
