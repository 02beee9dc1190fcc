"""A file of the catalog, written atomically."""

from abc import abstractmethod
from pathlib import Path
from typing import Any, TypeVar

from kedro.io import AbstractDataset

from ganops.files import atomic_write, read_errors

Content = TypeVar("Content")


class FileDataset(AbstractDataset[Content, Content]):
    """Base of the datasets that are one local file; a subclass reads and writes its content.

    A new file replaces the old one. A hard or symbolic link into DVC's cache is replaced too; the bytes in the cache
    stay as they are.

    Args:
        filepath: the file.
        metadata: for the tools that read the catalog; ignored here.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> Content:
        """Read the file; StorageError where it is missing or damaged."""
        with read_errors(self._filepath):
            return self._read(self._filepath)

    def save(self, data: Content) -> None:
        """Write the file atomically; StorageError where the disk refuses it."""
        with atomic_write(self._filepath) as file:
            self._write(data, file)

    @abstractmethod
    def _read(self, path: Path) -> Content:
        """Read the content of `path`."""

    @abstractmethod
    def _write(self, data: Content, path: Path) -> None:
        """Write the content to `path`, a new file."""

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
