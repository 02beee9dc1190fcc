import itertools
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganops import files
from ganops.data.preparation import prepare
from ganops.data.sources.source import Source
from ganops.data.store import FieldFormat, PreparedData, Store
from ganops.errors import DataError

from .conftest import PARAMETERS

Contents = Callable[[Path], dict[str, bytes]]


def test_what_was_prepared_is_read(source: Source, store: Store) -> None:
    images = store.read("image", np.array([7, 3, 39]))
    assert images[:, 0, 0, 0].tolist() == [7, 3, 39]
    assert (images.shape, images.dtype, type(images)) == ((3, 1, 4, 4), np.uint8, np.ndarray)
    assert store.read("label", np.array([0, 29, 30])).tolist() == [0, 0, 1]
    assert store.classes == ("a", "b")


def test_splits_cover_everything_once(store: Store) -> None:
    parts = [store.indices(name) for name in ("train", "validation", "held_out")]
    assert np.sort(np.concatenate(parts)).tolist() == list(range(40))
    assert all(part.dtype == np.int64 and (np.diff(part) > 0).all() for part in parts)


def test_class_frequencies_are_those_of_the_split(store: Store) -> None:
    np.testing.assert_allclose(store.class_frequencies("train"), [18 / 24, 6 / 24])


def test_reading_is_a_copy(store: Store) -> None:
    store.read("image", np.array([5]))[:] = 200
    assert store.read("image", np.array([5])).max() == 5


def test_digest_follows_content_labels_and_split(source: Source, store: Store) -> None:
    again = Store.open(store.path)
    assert again.digest() == store.digest()
    assert len({store.digest(), *(store.digest(name) for name in ("train", "validation", "held_out"))}) == 4
    for column, value in (("sha256", "0" * 64), ("label", 1), ("split", "train")):
        changed = store.manifest.copy()
        changed.loc[store.indices("held_out")[0], column] = value
        assert Store(store.path, store.fields, store.classes, changed).digest() != store.digest(), column
    renamed = Store(store.path, store.fields, ("a", "c"), store.manifest)
    assert renamed.digest() != store.digest()


def test_a_write_that_fails_leaves_the_old_store(source: Source, store: Store, contents: Contents) -> None:
    before = contents(store.path)
    prepared, _ = prepare(source, PARAMETERS.model_copy(update={"seed": 8}))
    broken = replace(prepared, arrays={"image": prepared.arrays["image"], "label": np.zeros((1,), dtype=np.int64)})
    with pytest.raises(IndexError):
        broken.write(store.path)
    assert contents(store.path) == before
    assert list(store.path.parent.iterdir()) == [store.path]


def test_a_kill_at_any_moment_leaves_a_whole_store_or_none(source: Source, tmp_path: Path, contents: Contents) -> None:
    old, new = (prepare(source, PARAMETERS.model_copy(update={"seed": seed}))[0] for seed in (1, 2))
    whole = []
    for prepared in (old, new):
        prepared.write(tmp_path / "whole")
        whole.append(contents(tmp_path / "whole"))
    # Four files and their folder reach the disk, the old one steps aside, the new one takes its place and is recorded.
    for moment, left in enumerate([whole[0]] * 5 + [None] + [whole[1]] * 2):
        path = tmp_path / str(moment) / "store"
        old.write(path)
        _write_in_a_child_killed_after(new, path, moment)
        assert (contents(path) if path.exists() else None) == left, moment
        new.write(path)
        assert contents(path) == whole[1]
        assert list(path.parent.iterdir()) == [path]


def _write_in_a_child_killed_after(prepared: PreparedData, path: Path, moment: int) -> None:
    """End the child without any clearing up, right after the given call of `sync` or `rename`, counted from 0."""
    child = os.fork()
    if child == 0:
        calls = itertools.count()

        def deadly(effect: Callable[..., Any]) -> Callable[..., Any]:
            def called(*arguments: Any) -> None:
                effect(*arguments)
                if next(calls) == moment:
                    os._exit(9)

            return called

        files.sync, Path.rename = deadly(files.sync), deadly(Path.rename)
        prepared.write(path)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize("file", ["store.json", "manifest.parquet", "image.npy", "label.npy"])
def test_a_missing_or_cut_file_is_named(store: Store, tmp_path: Path, file: str) -> None:
    for damage in (Path.unlink, lambda path: os.truncate(path, path.stat().st_size // 2)):
        copy = tmp_path / "copy"
        shutil.copytree(store.path, copy)
        damage(copy / file)
        with pytest.raises(DataError, match="Prepare the data again") as caught:
            Store.open(copy)
        assert "copy" in str(caught.value)
        shutil.rmtree(copy)


def test_a_missing_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder") as caught:
        Store.open(tmp_path / "nothing")
    assert "kedro run --pipelines data_preparation" in str(caught.value)


def test_an_unknown_field_is_named(store: Store) -> None:
    with pytest.raises(DataError, match="one of image, label, received 'wave'"):
        store.read("wave", np.array([0]))


def test_a_store_may_hold_several_fields_of_samples_but_not_none(source: Source, tmp_path: Path) -> None:
    prepared, _ = prepare(source, PARAMETERS)
    points = np.arange(80, dtype=np.float32).reshape(40, 2)
    fields = {**prepared.fields, "point": FieldFormat("float32", (2,), "float32_quarter")}
    replace(prepared, fields=fields, arrays={**prepared.arrays, "point": points}).write(tmp_path / "both")
    both = Store.open(tmp_path / "both")
    assert both.read("image", np.array([3]))[0, 0, 0, 0] == 3
    np.testing.assert_array_equal(both.read("point", np.array([3])), points[prepared.rows[[3]]])
    label = {"label": prepared.fields["label"]}
    replace(prepared, fields=label).write(tmp_path / "none")
    with pytest.raises(DataError, match="a field of image, point, wave, tokens, received label"):
        Store.open(tmp_path / "none")
