import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from ganops.data.sources.source import Source, UnreadablePicture
from ganops.data.sources.table import table
from ganops.errors import DataError

from .made import png

NAMES = ["T-shirt", "Trouser", "Pullover"]
WRITERS = pytest.mark.parametrize("kind", ["parquet", "file.arrow", "stream.arrow"])


def rows(count: int, start: int = 0, column: str = "image", **others: Any) -> pa.Table:
    pictures = [{"bytes": png(i % 256), "path": f"{i}.png"} for i in range(start, start + count)]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    return pa.table({column: pa.array(pictures, kind), **others})


def named(values: pa.Table, names: list[str] = NAMES) -> pa.Table:
    features = {"image": {"_type": "Image"}, "label": {"names": names, "_type": "ClassLabel"}}
    return values.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})


def write(path: Path, values: pa.Table, rows_of_a_group: int = 10) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        parquet.write_table(values, path, row_group_size=rows_of_a_group)
        return path
    new = pa.ipc.new_stream if "stream" in path.name else pa.ipc.new_file
    with new(str(path), values.schema) as writer:
        writer.write_table(values, max_chunksize=rows_of_a_group)
    return path


def described(source: Source) -> list[tuple[str, int, bool]]:
    return [(r.name, r.label, r.test) for r in source.references]


@WRITERS
@pytest.mark.parametrize("rows_of_a_group", [10, 7, 300])
def test_threads_read_every_row_in_any_order(tmp_path: Path, kind: str, rows_of_a_group: int) -> None:
    write(tmp_path / f"data.{kind}", rows(200), rows_of_a_group)
    references = table(tmp_path).references
    order = [*range(200), *range(0, 200, 7), *reversed(range(0, 200, 40))]
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(lambda at: references[at].load(), order))
    assert read == [png(at) for at in order]


@WRITERS
def test_shards_parts_and_named_classes(tmp_path: Path, kind: str) -> None:
    write(tmp_path / f"data/train-00000-of-00002.{kind}", named(rows(3, label=[2, 0, 2])))
    write(tmp_path / f"data/train-00001-of-00002.{kind}", named(rows(1, 3, label=[0])))
    write(tmp_path / f"data/test-00000-of-00001.{kind}", named(rows(1, 4, label=[2])))
    source = table(tmp_path)
    assert source.classes == ("T-shirt", "Pullover")
    assert described(source) == [
        (f"data/test-00000-of-00001.{kind}:0", 1, True),
        (f"data/train-00000-of-00002.{kind}:0", 1, False),
        (f"data/train-00000-of-00002.{kind}:1", 0, False),
        (f"data/train-00000-of-00002.{kind}:2", 1, False),
        (f"data/train-00001-of-00002.{kind}:0", 0, False),
    ]
    assert [r.load() for r in source.references] == [png(4), *map(png, range(4))]


def test_parts_may_be_folders(tmp_path: Path) -> None:
    for part in ("train", "test"):
        write(tmp_path / part / "data-00000-of-00001.stream.arrow", rows(1))
    assert [r.test for r in table(tmp_path).references] == [True, False]


@pytest.mark.parametrize(
    ("columns", "classes", "labels"),
    [
        ({}, (), [-1, -1, -1]),
        ({"labels": ["dog", "cat", "dog"]}, ("cat", "dog"), [1, 0, 1]),
        ({"fine_label": [40, 7, 40]}, ("7", "40"), [1, 0, 1]),
        ({"label": pa.array(["dog", "cat", "dog"]).dictionary_encode()}, ("cat", "dog"), [1, 0, 1]),
    ],
)
@WRITERS
def test_labels(tmp_path: Path, kind: str, columns: dict, classes: tuple[str, ...], labels: list[int]) -> None:
    write(tmp_path / f"a.{kind}", rows(3, column="img", **columns))
    source = table(tmp_path)
    assert (source.classes, [r.label for r in source.references]) == (classes, labels)


def test_plain_bytes_are_read_as_pictures(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", pa.table({"picture": [png(3), None], "text": ["a", "b"]}))
    first, second = table(tmp_path).references
    assert first.load() == png(3)
    with pytest.raises(UnreadablePicture, match="no bytes in its row"):
        second.load()


def test_reading_in_order_opens_each_row_group_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.parquet", rows(500), rows_of_a_group=250)
    opened, original = [], parquet.ParquetFile.iter_batches

    def counted(self: Any, batch_size: int, row_groups: list[int], **rest: Any) -> Any:
        opened.append(row_groups)
        assert batch_size <= 64
        return original(self, batch_size, row_groups, **rest)

    monkeypatch.setattr(parquet.ParquetFile, "iter_batches", counted)
    assert [reference.load() for reference in table(tmp_path).references] == [png(i % 256) for i in range(500)]
    assert opened == [[0], [1]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pa.table({"label": [1]}), "a column `image`, or only one, of encoded pictures, received label: int64"),
        (pa.table({"a": [b"1"], "b": [b"2"]}), "received a: binary, b: binary"),
        (rows(2, label=[[1], [0]]), "whole numbers or texts in column 'label', received list"),
        (rows(2, label=[0.5, 1.0]), "whole numbers or texts in column 'label', received Float value 0.5"),
        (named(rows(2, label=[0, 3])), "labels in column 'label' from 0 to 2, as many as names, received .* 0 to 3"),
        (named(rows(2, label=[0, -2])), "labels in column 'label' from 0 to 2, as many as names, received .* -2 to 0"),
        (named(rows(2, label=[0, 1]), ["a", "a"]), "a list of different class names in the metadata"),
        (rows(2, label=[0, 1]).replace_schema_metadata({"huggingface": "{"}), "JSON in the schema's metadata"),
    ],
)
def test_ambiguous_tables_are_refused(tmp_path: Path, values: pa.Table, message: str) -> None:
    with pytest.raises(DataError, match=message):
        table(write(tmp_path / "a.parquet", values).parent)


@pytest.mark.parametrize("withheld", [{}, {"label": [-1]}, {"label": pa.array([None], pa.int64())}])
def test_withheld_labels_are_not_a_class(tmp_path: Path, withheld: dict) -> None:
    write(tmp_path / "train.parquet", named(rows(2, label=[0, 1])))
    write(tmp_path / "test.parquet", named(rows(1, **withheld)))
    source = table(tmp_path)
    assert source.classes == ("T-shirt", "Trouser")
    assert [(r.label, r.test) for r in source.references] == [(-1, True), (0, False), (1, False)]
    assert source.notes == ("to train on: train (2)", "the test part: test (1)")


@WRITERS
@pytest.mark.parametrize(
    "labels", [[1, -1, 0], [1, None, 0], [1.0, float("nan"), 0.0], ["1", None, "0"], ["1", "", "0"], ["1", "-1", "0"]]
)
def test_missing_labels_are_not_a_class(tmp_path: Path, kind: str, labels: list) -> None:
    write(tmp_path / f"a.{kind}", rows(3, label=labels))
    source = table(tmp_path)
    assert (source.classes, [r.label for r in source.references]) == (("0", "1"), [1, -1, 0])


def test_each_file_has_its_own_names(tmp_path: Path) -> None:
    write(tmp_path / "train-0.parquet", named(rows(2, label=[0, 1]), ["dog", "cat"]))
    write(tmp_path / "train-1.parquet", named(rows(3, label=[0, 1, 2]), ["cat", "dog", "cow"]))
    source = table(tmp_path)
    assert source.classes == ("cat", "cow", "dog")
    assert [source.classes[r.label] for r in source.references] == ["dog", "cat", "cat", "dog", "cow"]


def test_numbers_and_texts_of_one_name_are_one_class(tmp_path: Path) -> None:
    write(tmp_path / "test.parquet", rows(12, label=[str(k) for k in range(12)]))
    write(tmp_path / "train.parquet", rows(12, label=list(range(12))))
    source = table(tmp_path)
    assert (source.classes, [r.label for r in source.references]) == (tuple(map(str, range(12))), [*range(12)] * 2)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"a.parquet": named(rows(1, label=[0])), "b.parquet": rows(1, label=[0])},
            "class names in the metadata of all files, or of none, received names in a.parquet and no names in b.par",
        ),
        (
            {"a.parquet": rows(1, label=[0]), "b.parquet": rows(1, fine_label=[0])},
            "labels in columns of one name, received fine_label in b.parquet and label in a.parquet",
        ),
        (
            {"a.parquet": rows(1), "b.parquet": rows(1, column="mask")},
            "pictures in columns of one name, received image in a.parquet and mask in b.parquet",
        ),
        (
            {"full/train-0.parquet": rows(1), "small/train-0.parquet": rows(1)},
            "one configuration of a data set, in one folder, received tables in 'full', 'small'. Keep one of these",
        ),
    ],
)
def test_files_that_do_not_match_each_other_are_reported(
    tmp_path: Path, files: dict[str, pa.Table], message: str
) -> None:
    for name, values in files.items():
        write(tmp_path / name, values)
    with pytest.raises(DataError, match=message):
        table(tmp_path)


def test_unused_columns_are_noted(tmp_path: Path) -> None:
    write(tmp_path / "extra-00000-of-00002.parquet", rows(2, coarse_label=[0, 1], fine_label=[0, 1], mask=[b"", b""]))
    write(tmp_path / "train-00000-of-00002.parquet", rows(2, fine_label=[0, 1]))
    assert table(tmp_path).notes == (
        "columns that are not used: coarse_label, mask",
        "to train on: extra (2), train (2)",
    )


def test_views_are_texts_and_bytes(tmp_path: Path) -> None:
    columns = {"image": pa.array([png(1), png(2)], pa.binary_view()), "cls": pa.array(["a", "b"], pa.string_view())}
    source = table(write(tmp_path / "a.file.arrow", pa.table(columns)).parent)
    assert (source.classes, [r.load() for r in source.references]) == (("a", "b"), [png(1), png(2)])


@pytest.mark.parametrize("column", ["image", "label"])
def test_bad_offsets_are_refused(tmp_path: Path, column: str) -> None:
    path = write(tmp_path / "a.file.arrow", pa.table({"image": [png(0)] * 40, "label": ["ab"] * 40}), 40)
    offsets = np.arange(0, 82, 2, dtype="<i4") if column == "label" else np.arange(41, dtype="<i4") * len(png(0))
    content = path.read_bytes()
    assert content.count(offsets.tobytes()) == 1
    path.write_bytes(content.replace(offsets[20:].tobytes(), (offsets[20:] + (1 << 30)).astype("<i4").tobytes()))
    with pytest.raises(DataError, match=r"a\.file\.arrow: expected a table"):
        table(tmp_path)


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_a_pipe_is_refused(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(DataError, match=f"{name}: expected a regular file"):
        table(tmp_path)


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_damaged_files_are_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match=f"{name}: expected a table in a parquet or arrow file"):
        table(tmp_path)


def test_a_folder_without_tables_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"\*\.parquet or \*\.arrow files, received none"):
        table(tmp_path)
