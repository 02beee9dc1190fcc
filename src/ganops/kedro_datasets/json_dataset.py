"""JSON values in the catalog."""

import json
from pathlib import Path
from typing import Any, NewType

from ganops.kedro_datasets.file_dataset import FileDataset

# Kedro-Viz renders the preview by this name.
JSONPreview = NewType("JSONPreview", str)


class JSONDataset(FileDataset[Any]):
    """Stores JSON values, indented by two spaces, in ASCII: equal values in equal order give equal bytes."""

    def preview(self) -> JSONPreview:
        """Return the values of the file, for Kedro-Viz."""
        return JSONPreview(json.dumps(self.load()))

    def _read(self, path: Path) -> Any:
        return json.loads(path.read_text(encoding="utf-8"))

    def _write(self, data: Any, path: Path) -> None:
        path.write_text(json.dumps(data, indent=2), encoding="utf-8")
