"""Archives of files in the catalog."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

from ganops.kedro_datasets.file_dataset import FileDataset


class ArchiveDataset(FileDataset[Mapping[str, bytes]]):
    """Stores file name → content as a zip, in the order of the names: equal files give equal bytes."""

    def _read(self, path: Path) -> dict[str, bytes]:
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def _write(self, data: Mapping[str, bytes], path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for name in sorted(data):
                # A ZipInfo has the date of 1980, and no clock is read.
                archive.writestr(zipfile.ZipInfo(name), data[name])
