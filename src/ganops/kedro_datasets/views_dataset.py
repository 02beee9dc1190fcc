"""The views of a generator in the catalog."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from ganops.files import atomic_folder, read_errors
from ganops.kedro_datasets.animation_dataset import AnimationDataset, check_frames_per_second
from ganops.kedro_datasets.archive_dataset import ArchiveDataset
from ganops.kedro_datasets.csv_dataset import CSVDataset
from ganops.kedro_datasets.file_dataset import FileDataset
from ganops.kedro_datasets.image_dataset import ImageDataset
from ganops.kedro_datasets.text_dataset import TextDataset

Draw = Callable[[], Mapping[str, Any]]


class ViewsDataset(AbstractDataset[Mapping[str, Draw], dict[str, Callable[[], Any]]]):
    """A folder of views, written whole or not at all: equal views give equal bytes.

    Saving takes name → function that draws the view, which returns type of file → content: png a picture, gif the
    frames of an animation, csv a table, md and html a text, zip
    files by name. One view at a time is in memory. Loading gives file name →
    function that reads the file.

    Args:
        filepath: the folder.
        frames_per_second: of animations; a divisor of 100, because GIF counts in hundredths of a second.
        metadata: for the tools that read the catalog; no meaning here.
    """

    def __init__(self, *, filepath: str, frames_per_second: int, metadata: dict[str, Any] | None = None) -> None:
        check_frames_per_second(filepath, frames_per_second)
        self._filepath = Path(filepath)
        self.metadata = metadata
        self._files: dict[str, Callable[..., FileDataset[Any]]] = {
            "png": ImageDataset,
            "gif": partial(AnimationDataset, frames_per_second=frames_per_second),
            "csv": CSVDataset,
            "md": TextDataset,
            "html": TextDataset,
            "zip": ArchiveDataset,
        }

    def load(self) -> dict[str, Callable[[], Any]]:
        """Return file name → function that reads it; StorageError where the folder is missing."""
        with read_errors(self._filepath):
            return {path.name: self._file(path).load for path in sorted(self._filepath.iterdir())}

    def save(self, data: Mapping[str, Draw]) -> None:
        """Draw and write every view; the folder takes the place of the old one only when all are written."""
        with atomic_folder(self._filepath) as folder:
            for name, draw in data.items():
                for suffix, content in draw().items():
                    self._file(folder / f"{name}.{suffix}").save(content)

    def _file(self, path: Path) -> FileDataset[Any]:
        return self._files[path.suffix.removeprefix(".")](filepath=str(path))

    def _exists(self) -> bool:
        return self._filepath.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
