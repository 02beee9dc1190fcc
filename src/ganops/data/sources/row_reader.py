"""Reads rows of parquet and arrow files, a few at a time: memory does not grow with their number.

Such files are read from the front, a row group or file in chunks; the last few chunks are kept. Reading in order, by
any number of threads, decodes each chunk once; a longer step back starts its row group again.

Arrow does not check the offsets in a file: a damaged one makes it read outside its memory and ends the process.
Therefore every chunk is validated before a value is read.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as parquet

from ganops.data.sources.files import check_expansion, unusable
from ganops.preparation_config import PictureLimits

_ROWS_AT_ONCE = 64
_CHUNKS_KEPT = 4
_CURSORS_KEPT = 3
_FILE_MAGIC = b"ARROW1"


@dataclass(frozen=True, eq=False)
class Run:
    """Rows of one column that can only be read in order: a row group, or an arrow file."""

    rows: int
    open: Callable[[], Iterator[pa.Array]]


@dataclass(eq=False)
class _Cursor:
    run: Run
    rest: Iterator[pa.Array]
    next: int = 0


class RowReader:
    """Reads the values of rows, as Python objects. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._chunks: deque[tuple[Run, int, pa.Array]] = deque(maxlen=_CHUNKS_KEPT)
        # More than one, so that a late thread's step back does not discard the others' position.
        self._cursors: deque[_Cursor] = deque(maxlen=_CURSORS_KEPT)

    def value(self, run: Run, row: int) -> Any:
        """Read the value in a run's row; ArrowInvalid or OSError: the file is damaged."""
        with self._lock:
            for chunk_run, start, chunk in self._chunks:
                if chunk_run is run and start <= row < start + len(chunk):
                    return chunk[row - start].as_py()
            return self._read_to(run, row)

    def _read_to(self, run: Run, row: int) -> Any:
        cursor = self._cursor(run, row)
        for chunk in cursor.rest:
            start, cursor.next = cursor.next, cursor.next + len(chunk)
            self._chunks.append((run, start, chunk))
            if row < cursor.next:
                self._cursors.append(cursor)
                return chunk[row - start].as_py()
        raise pa.ArrowInvalid(f"the file ends before row {row}")

    def _cursor(self, run: Run, row: int) -> _Cursor:
        # Removed, and appended again after reading: a cursor that failed is discarded.
        before = [cursor for cursor in self._cursors if cursor.run is run and cursor.next <= row]
        if not before:
            return _Cursor(run, run.open())
        nearest = max(before, key=lambda cursor: cursor.next)
        self._cursors.remove(nearest)
        return nearest


def read_schema(file: Path) -> pa.Schema:
    """Read the columns of a parquet or arrow file; OSError or ArrowInvalid: it is neither."""
    if _is_parquet(file):
        return parquet.read_schema(file)
    with pa.memory_map(str(file)) as content:
        return _open_arrow(content).schema


def read_column(file: Path, column: str) -> pa.ChunkedArray:
    """Read a whole column into memory; for small columns such as labels."""
    if _is_parquet(file):
        values = parquet.ParquetFile(file).read(columns=[column]).column(column)
        values.validate(full=True)
        return values
    with pa.memory_map(str(file)) as content:
        columns = (_validate(batch.column(column)) for batch in _batches(content))
        copies = [pa.array(values.to_pylist(), values.type) for values in columns]
        return pa.chunked_array(copies, type=read_schema(file).field(column).type)


def list_runs(file: Path, column: str) -> list[Run]:
    """List the runs of a file. Opening a run opens the file again."""
    if _is_parquet(file):
        metadata = parquet.read_metadata(file)
        sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        return [Run(rows, partial(_row_group, file, column, group)) for group, rows in enumerate(sizes)]
    with pa.memory_map(str(file)) as content:
        rows = sum(len(_validate(batch.column(column))) for batch in _batches(content))
        return [Run(rows, partial(_arrow_file, file, column))]


def check_size(file: Path, limits: PictureLimits) -> None:
    """Raise a DataError if a file claims more rows than it has bytes, or unpacks to more than `limits` allow."""
    size = file.stat().st_size
    rows, unpacked = _sizes(file)
    if rows > size:
        remedy = "Copy it again, as its publisher offers it."
        raise unusable(file, f"a table in {size} bytes", f"one of {rows} rows", remedy)
    check_expansion(file, "a table of pictures", unpacked, limits)


def _sizes(file: Path) -> tuple[int, int]:
    """Return the number of rows, and the bytes of all columns once unpacked."""
    if not _is_parquet(file):
        with pa.memory_map(str(file)) as content:
            return sum(batch.num_rows for batch in _batches(content)), 0
    metadata = parquet.read_metadata(file)
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    # Not per column: reading the metadata of a damaged column ends the process.
    return sum(group.num_rows for group in groups), sum(group.total_byte_size for group in groups)


def _is_parquet(file: Path) -> bool:
    return file.suffix.lower() == ".parquet"


def _row_group(file: Path, column: str, group: int) -> Iterator[pa.Array]:
    # Memory-mapped and not pre-buffered: a row group may be the whole file.
    opened = parquet.ParquetFile(file, memory_map=True, pre_buffer=False)
    for batch in opened.iter_batches(_ROWS_AT_ONCE, row_groups=[group], columns=[column], use_threads=False):
        yield _validate(batch.column(0))


def _arrow_file(file: Path, column: str) -> Iterator[pa.Array]:
    with pa.memory_map(str(file)) as content:
        for batch in _batches(content):
            values = _validate(batch.column(column))
            yield from (values.slice(start, _ROWS_AT_ONCE) for start in range(0, len(values), _ROWS_AT_ONCE))


def _validate(values: pa.Array) -> pa.Array:
    values.validate(full=True)
    return values


def _open_arrow(content: pa.MemoryMappedFile) -> Any:
    is_file = content.read(len(_FILE_MAGIC)) == _FILE_MAGIC
    content.seek(0)
    return ipc.open_file(content) if is_file else ipc.open_stream(content)


def _batches(content: pa.MemoryMappedFile) -> Iterator[pa.RecordBatch]:
    reader = _open_arrow(content)
    if isinstance(reader, ipc.RecordBatchFileReader):
        yield from (reader.get_batch(at) for at in range(reader.num_record_batches))
    else:
        yield from reader
