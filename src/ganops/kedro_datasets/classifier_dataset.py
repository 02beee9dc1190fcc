"""The classifier whose features judge pictures: a folder of weights (safetensors) and their description (JSON)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from ganops.files import whole_folder

if TYPE_CHECKING:
    from ganops.metrics.classifier import Classifier

_WEIGHTS = "weights.safetensors"
_DESCRIPTION = "classifier.json"


class ClassifierDataset(AbstractDataset["Classifier", "Classifier"]):
    """Saved whole or not at all, the same bytes for the same weights.

    Args:
        filepath: the folder.
        metadata: read by hooks and by `kedro dvc sync`, ignored here.
    """

    def __init__(self, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> "Classifier":
        """Raises MetricError where the folder is missing or damaged."""
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load

        from ganops.metrics.classifier import damaged, restore

        try:
            description = (self._filepath / _DESCRIPTION).read_text(encoding="utf-8")
            weights: dict[str, torch.Tensor] = load((self._filepath / _WEIGHTS).read_bytes())
        except (OSError, UnicodeDecodeError, SafetensorError) as error:
            raise damaged(f"{_WEIGHTS} and {_DESCRIPTION} in {self._filepath}", str(error)) from None
        return restore(description, weights)

    def save(self, data: "Classifier") -> None:
        """A sibling folder is filled and synced, then takes this folder's name."""
        with whole_folder(self._filepath) as folder:
            (folder / _WEIGHTS).write_bytes(data.weights())
            (folder / _DESCRIPTION).write_text(data.description(), encoding="utf-8")

    def _exists(self) -> bool:
        return (self._filepath / _DESCRIPTION).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
