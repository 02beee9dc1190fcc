"""The feature extractor in the catalog: a description (JSON) and, of a classifier, weights."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from ganops.files import atomic_folder, read_regular

if TYPE_CHECKING:
    from ganops.extractors.build import StoredExtractor


class FeatureExtractorDataset(AbstractDataset["StoredExtractor", "StoredExtractor"]):
    """Saves the folder atomically; equal weights give equal bytes.

    Args:
        filepath: the folder.
        metadata: read by hooks and by `kedro dvc sync`, ignored here.
    """

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> "StoredExtractor":
        """Restore the extractor; MetricError where the folder is missing, damaged or of another format."""
        from ganops.extractors.build import restore_stored
        from ganops.extractors.classifier import make_damage_error

        try:
            return restore_stored({path.name: read_regular(path) for path in self._filepath.iterdir()})
        except OSError as error:
            raise make_damage_error(f"a folder {self._filepath}", str(error)) from None

    def save(self, data: "StoredExtractor") -> None:
        """Fill and sync a sibling folder, then rename it."""
        with atomic_folder(self._filepath) as folder:
            for name, content in data.files().items():
                (folder / name).write_bytes(content)

    def _exists(self) -> bool:
        return self._filepath.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
