"""Tables in the catalog."""

from pathlib import Path
from typing import NewType

import pandas as pd

from ganops.kedro_datasets.file_dataset import FileDataset

# Kedro-Viz renders the preview by this name.
TablePreview = NewType("TablePreview", dict)


class CSVDataset(FileDataset[pd.DataFrame]):
    """Stores a table without its index, in UTF-8; numbers are read back bit for bit."""

    def preview(self, nrows: int = 5) -> TablePreview:
        """Return the first rows, for Kedro-Viz."""
        return TablePreview(self.load().head(nrows).to_dict(orient="split"))

    def _read(self, path: Path) -> pd.DataFrame:
        return pd.read_csv(path, encoding="utf-8", float_precision="round_trip")

    def _write(self, data: pd.DataFrame, path: Path) -> None:
        data.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
