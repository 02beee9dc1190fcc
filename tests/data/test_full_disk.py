"""A full disk is a clear error wherever pictures are written, never a signal that ends the process."""

import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from ganops.data.preparation import prepare
from ganops.data.sources.source import Source
from ganops.data.store import Store
from ganops.errors import StorageError

from .conftest import PARAMETERS


@contextmanager
def full_disk() -> Iterator[None]:
    """No file can grow beyond 500 bytes; the arrays of the forty pictures have 640."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_no_room_for_the_store_leaves_the_old_one(
    source: Source, store: Store, contents: Callable[[Path], dict[str, bytes]]
) -> None:
    before = contents(store.path)
    prepared, _ = prepare(source, PARAMETERS.model_copy(update={"seed": 8}))
    with full_disk(), pytest.raises(StorageError, match=r"store: .*room on its disk.*start again"):
        prepared.write(store.path)
    assert contents(store.path) == before
    assert list(store.path.parent.iterdir()) == [store.path]


def test_no_room_for_the_temporary_file_names_its_folder(source: Source) -> None:
    with full_disk(), pytest.raises(StorageError, match=f"^{tempfile.gettempdir()}: .*room on its disk"):
        prepare(source, PARAMETERS)


def test_the_arrays_are_byte_for_byte_those_of_numpy(store: Store, tmp_path: Path) -> None:
    for field in ("image", "label"):
        np.save(tmp_path / "saved.npy", store.read(field, np.arange(len(store.manifest))))
        assert (store.path / f"{field}.npy").read_bytes() == (tmp_path / "saved.npy").read_bytes()
