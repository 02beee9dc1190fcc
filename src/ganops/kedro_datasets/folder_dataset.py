"""A folder that is handed over as a path."""

from pathlib import Path
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError


class FolderDataset(AbstractDataset[Any, Path]):
    """A handle on a folder: loading gives its path, whether it exists or not; it is never saved.

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
        """Refused: what lies in the folder is not a node's output."""
        raise DatasetError(
            f"{self._filepath}: expected to be a node's input only, received an output of type {type(data).__name__}. "
            "Give the output a catalog entry of its own."
        )

    def _exists(self) -> bool:
        return self._filepath.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
