"""The prepared data set on disk: named fields, each a memory-mapped array, and a table that describes every sample.

    store.json         format, classes, number of samples; of each field dtype, shape of one sample, encoding
    manifest.parquet   index, file, sha256, label, split, duplicate_of: one row per sample, in the order of the arrays
    <field>.npy        (N, *shape): image (N, C, H, W) uint8, point (N, D) float32, wave (N, 1, S) int16, tokens
                       (N, L) int32; label (N,) int64, …
    vocabulary.json    of a text: what its tokens are, and the token of each number

`label` in the table is −1 without classes, `duplicate_of` is −1 for a first occurrence. `sha256` is that of the
sample's stored values. Nothing in the folder depends on the clock or the machine. Torch-free.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd

from ganops.config import FieldName, SplitName
from ganops.data.vocabulary import ENCODING, Vocabulary
from ganops.errors import DataError
from ganops.files import atomic_folder
from ganops.sealed_json import load_object, seal, without_seal

FORMAT = "ganops-store-1"
COLUMNS = ("index", "file", "sha256", "label", "split", "duplicate_of")
NO_CLASS = -1
_ROWS_AT_ONCE = 1024
_VOCABULARY = "vocabulary.json"
_PREPARE_AGAIN = "Prepare the data again: kedro run --pipelines data_preparation."


@dataclass(frozen=True)
class FieldFormat:
    """dtype and shape of one stored sample, and the name of the encoding that converts it to a model value.

    Attributes:
        sample_rate: of waves, in hertz; None for others.
    """

    dtype: str
    shape: tuple[int, ...]
    encoding: str
    sample_rate: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the values as JSON values, without a rate where there is none."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class PreparedData:
    """A data set before it is written. Row i of the manifest describes row rows[i] of every array."""

    fields: dict[str, FieldFormat]
    classes: tuple[str, ...]
    manifest: pd.DataFrame
    arrays: dict[str, np.ndarray]
    rows: np.ndarray
    vocabulary: Vocabulary | None = None

    def write(self, path: Path) -> None:
        """Write the folder atomically, replacing an older one."""
        with atomic_folder(path) as fresh:
            self._fill(fresh)

    def _fill(self, folder: Path) -> None:
        for name, field in self.fields.items():
            _write_array(folder / f"{name}.npy", field, self.arrays[name], self.rows)
        self.manifest.to_parquet(folder / "manifest.parquet", engine="pyarrow", index=False)
        fields = {name: field.to_json() for name, field in self.fields.items()}
        header = {"format": FORMAT, "samples": len(self.rows), "classes": list(self.classes), "fields": fields}
        if self.vocabulary is not None:
            (folder / _VOCABULARY).write_text(seal(self.vocabulary.model_dump(mode="json")), encoding="utf-8")
        (folder / "store.json").write_text(json.dumps(header, indent=2, sort_keys=True) + "\n", encoding="utf-8")


class Store:
    """A prepared data set, read-only. Arrays are memory-mapped: only the rows read cost memory."""

    def __init__(
        self,
        path: Path,
        fields: dict[str, FieldFormat],
        classes: tuple[str, ...],
        manifest: pd.DataFrame,
        only: int | None = None,
        vocabulary: Vocabulary | None = None,
    ) -> None:
        self.path = path
        self.fields = fields
        self._all_classes = classes
        self.manifest = manifest
        self._only = only
        self.vocabulary = vocabulary

    @classmethod
    def open(cls, path: Path) -> "Store":
        """Open the store in the folder `path`; DataError: files are missing or do not match."""
        header = _read_header(path)
        fields = {name: _field_format(path, field) for name, field in header["fields"].items()}
        vocabulary = _read_vocabulary(path) if _have_vocabulary(fields) else None
        store = cls(
            path, fields, tuple(header["classes"]), _read_manifest(path, header["samples"]), vocabulary=vocabulary
        )
        if fields.keys().isdisjoint(get_args(FieldName)) or not store._arrays:
            received = ", ".join(sorted(fields)) or "none"
            raise _damage_error(path / "store.json", "a field of " + ", ".join(get_args(FieldName)), received)
        return store

    def restrict_to(self, label: int) -> "Store":
        """Return the same store, but its splits have the samples of one class alone, as unlabelled data."""
        return Store(self.path, self.fields, self._all_classes, self.manifest, label, self.vocabulary)

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the names of the classes; none of unlabelled data."""
        return self._all_classes if self._only is None else ()

    def indices(self, split: SplitName, label: int | None = None) -> np.ndarray:
        """Return the positions of the split's samples, int64, ascending.

        Args:
            split: of the store.
            label: the class that they have; None: any, or that of `restrict_to`.
        """
        chosen = self.manifest["split"].to_numpy() == split
        wanted = self._only if label is None else label
        if wanted is not None:
            chosen &= self.manifest["label"].to_numpy() == wanted
        return np.flatnonzero(chosen).astype(np.int64)

    def read(self, field: str, indices: np.ndarray) -> np.ndarray:
        """Read the stored values of the samples at `indices`, shape (len(indices), *shape), a copy.

        Raises:
            DataError: there is no such field.
        """
        if field not in self._arrays:
            raise DataError(
                f"field {field!r} of {self.path}",
                expected="one of " + ", ".join(sorted(self.fields)),
                received=repr(field),
                remedy="A store without classes has no field 'label': sort the pictures into one folder per class.",
            )
        return np.array(self._arrays[field][indices], subok=False)

    def digest(self, split: SplitName | None = None) -> str:
        """Return the sha256 of field formats, class names, vocabulary, and values, label and split of each sample."""
        rows = self.manifest if split is None else self.manifest[self.manifest["split"] == split]
        fields = {name: field.to_json() for name, field in self.fields.items()}
        vocabulary = [] if self.vocabulary is None else [self.vocabulary.model_dump(mode="json")]
        content = hashlib.sha256(json.dumps([fields, self._all_classes, *vocabulary], sort_keys=True).encode())
        for values, label, of in zip(rows["sha256"], rows["label"], rows["split"], strict=True):
            content.update(f"{values} {label} {of}\n".encode())
        return content.hexdigest()

    def class_frequencies(self, split: SplitName = "train") -> np.ndarray:
        """Return the share of each class in the split, float64 (K,), sums to 1; shape (0,) without classes."""
        labels = self.manifest["label"].to_numpy()[self.indices(split)]
        if not self.classes:
            return np.zeros(0)
        return np.bincount(labels, minlength=len(self.classes)) / max(len(labels), 1)

    @cached_property
    def _arrays(self) -> dict[str, np.ndarray]:
        return {name: _map_array(self.path, name, field, len(self.manifest)) for name, field in self.fields.items()}


def _write_array(path: Path, field: FieldFormat, values: np.ndarray, rows: np.ndarray) -> None:
    """Write the array without a memory map, which would end the process by a signal on a full disk."""
    dtype, shape = np.dtype(field.dtype), (len(rows), *field.shape)
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            chunk = values[rows[start : start + _ROWS_AT_ONCE]]
            file.write(np.ascontiguousarray(chunk, dtype=dtype).data)


def _damage_error(path: Path, expected: str, received: str) -> DataError:
    return DataError(str(path), expected=expected, received=received, remedy=_PREPARE_AGAIN)


def _read_header(path: Path) -> dict[str, Any]:
    file = path / "store.json"
    if not file.is_file():
        raise _damage_error(
            path, "a store, a folder with store.json", "no such folder" if not path.is_dir() else "none in it"
        )
    try:
        header = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _damage_error(file, "JSON", str(error)) from None
    wanted = {"format", "samples", "classes", "fields"}
    if not isinstance(header, dict) or set(header) != wanted or header["format"] != FORMAT:
        raise _damage_error(
            file, f"the format {FORMAT!r}", repr(header.get("format") if isinstance(header, dict) else header)
        )
    return header


def _field_format(path: Path, field: dict[str, Any]) -> FieldFormat:
    try:
        return FieldFormat(field["dtype"], tuple(field["shape"]), field["encoding"], field.get("sample_rate"))
    except (KeyError, TypeError):
        raise _damage_error(path / "store.json", "dtype, shape and encoding of each field", repr(field)) from None


def _have_vocabulary(fields: dict[str, FieldFormat]) -> bool:
    return any(field.encoding == ENCODING for field in fields.values())


def _read_vocabulary(path: Path) -> Vocabulary:
    file = path / _VOCABULARY
    try:
        values = without_seal(load_object(file.read_bytes()))
        return Vocabulary.model_validate_json(json.dumps(values), strict=True)
    except (OSError, ValueError) as error:
        raise _damage_error(file, "the vocabulary of the text", str(error)) from None


def _read_manifest(path: Path, samples: int) -> pd.DataFrame:
    file = path / "manifest.parquet"
    try:
        manifest = pd.read_parquet(file, engine="pyarrow")
    except (OSError, ValueError) as error:
        raise _damage_error(file, "the table of samples", str(error)) from None
    if tuple(manifest.columns) != COLUMNS or len(manifest) != samples:
        raise _damage_error(file, f"{samples} rows of {COLUMNS}", f"{len(manifest)} rows of {tuple(manifest.columns)}")
    return manifest


def _map_array(path: Path, name: str, field: FieldFormat, samples: int) -> np.ndarray:
    file = path / f"{name}.npy"
    try:
        array = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise _damage_error(file, f"the array of field {name!r}", str(error)) from None
    if array.shape != (samples, *field.shape) or array.dtype != np.dtype(field.dtype):
        raise _damage_error(file, f"{field.dtype} {(samples, *field.shape)}", f"{array.dtype} {array.shape}")
    return array
