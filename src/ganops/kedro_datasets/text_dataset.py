"""Texts in the catalog."""

from pathlib import Path

from ganops.kedro_datasets.file_dataset import FileDataset


class TextDataset(FileDataset[str]):
    """Stores a text in UTF-8 with line feeds on every system."""

    def _read(self, path: Path) -> str:
        return path.read_text(encoding="utf-8")

    def _write(self, data: str, path: Path) -> None:
        path.write_text(data, encoding="utf-8", newline="\n")
