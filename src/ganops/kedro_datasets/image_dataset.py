"""Pictures in the catalog."""

from pathlib import Path
from typing import TYPE_CHECKING

from ganops.kedro_datasets.file_dataset import FileDataset

if TYPE_CHECKING:
    from PIL.Image import Image


class ImageDataset(FileDataset["Image"]):
    """Stores a picture as PNG: equal pixels give equal bytes."""

    def _read(self, path: Path) -> "Image":
        from PIL import Image

        with Image.open(path) as image:
            return image.copy()

    def _write(self, data: "Image", path: Path) -> None:
        data.save(path, "PNG")
