"""The report of an evaluation in the catalog."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ganops.kedro_datasets.file_dataset import FileDataset
from ganops.kedro_datasets.json_dataset import JSONPreview

if TYPE_CHECKING:
    from ganops.evaluation.report import Report


class ReportDataset(FileDataset["Report"]):
    """Stores a Report as JSON; equal reports give equal bytes."""

    def preview(self) -> JSONPreview:
        """Return the values of the file, for Kedro-Viz."""
        return JSONPreview(json.dumps(self.load().to_json()))

    def _read(self, path: Path) -> "Report":
        from ganops.evaluation.report import Report

        return Report.from_json(json.loads(path.read_text(encoding="utf-8")))

    def _write(self, data: "Report", path: Path) -> None:
        path.write_text(json.dumps(data.to_json(), indent=2), encoding="utf-8")
