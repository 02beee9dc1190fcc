"""Reads NumPy's files, .npy and .npz, without Python objects; their size must match the header's shape."""

import lzma
import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BufferedIOBase
from pathlib import Path
from typing import IO

import numpy as np

from ganops.data.sources.files import check_expansion, printable, require_regular_file, unusable
from ganops.errors import DataError
from ganops.preparation_config import DEFAULT_LIMITS, PictureLimits

_AGAIN = "Save it again, without Python objects, by numpy.save or numpy.savez."
_ARCHIVE_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    OverflowError,
    MemoryError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
# The header is a Python literal.
_HEADER_ERRORS = (SyntaxError, TypeError, tokenize.TokenError, *_ARCHIVE_ERRORS)
_BYTES_AT_ONCE = 1 << 20
_MOST_AXES = 32
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


Stream = IO[bytes] | BufferedIOBase


@dataclass(frozen=True)
class StoredArray:
    """An array that has not been read yet; `load` reads it and may raise a DataError."""

    shape: tuple[int, ...]
    dtype: np.dtype
    load: Callable[[], np.ndarray]


@dataclass(frozen=True)
class _Header:
    """The header of an array; `start`: the position of the values in the file."""

    shape: tuple[int, ...]
    dtype: np.dtype
    order: str
    start: int

    @property
    def byte_count(self) -> int:
        """Return the bytes of all values."""
        return math.prod(self.shape) * self.dtype.itemsize


def open_npy(file: Path) -> StoredArray:
    """Open the array of a .npy, memory-mapped; DataError: it is damaged."""
    require_regular_file(file)
    try:
        with file.open("rb") as content:
            header = _read_header(content, printable(str(file)), file.stat().st_size)
    except OSError as error:
        raise _damage_error(file, str(error)) from None
    return _make_stored_array(printable(str(file)), header, partial(_map, file, header))


def open_npz(file: Path, limits: PictureLimits = DEFAULT_LIMITS) -> dict[str, StoredArray]:
    """Open the arrays of a .npz, by name; `load` reads one into memory. DataError: damaged or too large."""
    require_regular_file(file)
    try:
        archive = zipfile.ZipFile(file)
        entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
    except _ARCHIVE_ERRORS as error:
        raise _damage_error(file, f"{type(error).__name__}: {error}") from None
    check_expansion(file, "arrays", sum(entry.file_size for entry in entries), limits)
    arrays = {entry.filename.removesuffix(".npy"): _open_entry(file, archive, entry) for entry in entries}
    if len(arrays) < len(entries):
        raise _damage_error(file, "two arrays of one name")
    return arrays


def _open_entry(file: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> StoredArray:
    subject = f"{entry.filename.removesuffix('.npy')} in {printable(str(file))}"
    try:
        with archive.open(entry) as content:
            header = _read_header(content, subject, entry.file_size)
    except _ARCHIVE_ERRORS as error:
        raise _damage_error(subject, f"{type(error).__name__}: {error}") from None
    return _make_stored_array(subject, header, partial(_read_entry, subject, archive, entry, header))


def _make_stored_array(subject: str, header: _Header, load: Callable[[], np.ndarray]) -> StoredArray:
    # The file may contain an array of objects, as long as it is not loaded.
    return StoredArray(
        header.shape, header.dtype, partial(_refuse_objects, subject) if header.dtype.hasobject else load
    )


def _refuse_objects(subject: str) -> np.ndarray:
    raise _damage_error(subject, "Python objects")


def _read_header(content: Stream, subject: str, size: int) -> _Header:
    try:
        version = np.lib.format.read_magic(content)
        if version not in _HEADERS:
            raise ValueError(f"a header of version {version}")
        shape, by_columns, dtype = _HEADERS[version](content)
    except _HEADER_ERRORS as error:
        raise _damage_error(subject, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}") from None
    header = _Header(shape, dtype, "F" if by_columns else "C", content.tell())
    if dtype.hasobject:
        return header
    if min(shape, default=0) < 0 or len(shape) > _MOST_AXES or header.start + header.byte_count != size:
        received = f"{size - header.start} bytes of values"
        raise _damage_error(subject, received, f"{dtype} of the shape {shape}, {header.byte_count} bytes of values")
    return header


def _map(file: Path, header: _Header) -> np.ndarray:
    if not header.byte_count:
        return np.zeros(header.shape, header.dtype)
    try:
        return np.memmap(file, header.dtype, "r", header.start, header.shape, header.order)  # type: ignore[arg-type]
    except (OSError, ValueError) as error:
        raise _damage_error(file, str(error)) from None


def _read_entry(subject: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, header: _Header) -> np.ndarray:
    try:
        values = np.empty(header.byte_count, np.uint8)
        with archive.open(entry) as content:
            content.read(header.start)
            for start in range(0, header.byte_count, _BYTES_AT_ONCE):
                _fill(content, memoryview(values.data)[start : start + _BYTES_AT_ONCE])
    except _ARCHIVE_ERRORS as error:
        raise _damage_error(subject, f"{type(error).__name__}: {error}") from None
    return values.view(header.dtype).reshape(header.shape, order=header.order)  # type: ignore[call-overload]


def _fill(content: Stream, values: memoryview) -> None:
    read = content.read(len(values))
    if len(read) < len(values):
        raise EOFError("it ends early")
    values[:] = read


def _damage_error(subject: Path | str, received: str, expected: str = "an array") -> DataError:
    return unusable(subject, expected, received, _AGAIN)
