"""Named tensors in the catalog."""

from pathlib import Path
from typing import TYPE_CHECKING

from ganops.kedro_datasets.file_dataset import FileDataset

if TYPE_CHECKING:
    from torch import Tensor


class SafetensorsDataset(FileDataset["dict[str, Tensor]"]):
    """Stores a mapping name → tensor, loaded on the CPU, without metadata: equal tensors give equal bytes."""

    def _read(self, path: Path) -> "dict[str, Tensor]":
        from ganops.tensors import load_tensors

        return load_tensors(path)

    def _write(self, data: "dict[str, Tensor]", path: Path) -> None:
        from safetensors.torch import save_file

        save_file(data, path)
