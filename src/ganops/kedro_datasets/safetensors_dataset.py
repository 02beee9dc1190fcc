"""Named tensors in the catalog."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from ganops.files import whole_file

if TYPE_CHECKING:
    from torch import Tensor


class SafetensorsDataset(AbstractDataset["dict[str, Tensor]", "dict[str, Tensor]"]):
    """A mapping name → tensor, written whole or not at all, without metadata: equal tensors give equal bytes."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> "dict[str, Tensor]":
        """All tensors, on the CPU."""
        from safetensors.torch import load_file

        return load_file(self._filepath)

    def save(self, data: "dict[str, Tensor]") -> None:
        """Write the file whole or not at all."""
        from safetensors.torch import save_file

        with whole_file(self._filepath) as file:
            save_file(data, file)

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
