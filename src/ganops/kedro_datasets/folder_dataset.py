"""Folders of the catalog that a node gets as a path."""

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError


class FolderDataset(AbstractDataset[Any, Path]):
    """A handle for a folder: it loads as the path, whether the folder exists or not, and cannot be saved.

    Args:
        filepath: the folder.
        metadata: for the tools that read the catalog; no meaning here.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> Path:
        """Return the path of the folder."""
        return self._filepath

    def save(self, data: Any) -> NoReturn:
        """Raise DatasetError: the content of the folder is not a node's output."""
        raise DatasetError(
            f"{self._filepath}: expected to be a node's input only, received an output of type {type(data).__name__}. "
            "Give the output a catalog entry of its own."
        )

    def _exists(self) -> bool:
        return self._filepath.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
