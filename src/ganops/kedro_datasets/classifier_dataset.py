"""The classifier whose features judge pictures: a folder of weights (safetensors) and their description (JSON)."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

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
        fresh = self._filepath.with_name(f".{self._filepath.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        try:
            _write(fresh / _WEIGHTS, data.weights())
            _write(fresh / _DESCRIPTION, data.description().encode())
            _take_the_place(fresh, self._filepath)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _exists(self) -> bool:
        return (self._filepath / _DESCRIPTION).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _take_the_place(fresh: Path, path: Path) -> None:
    # A folder cannot replace a filled one in one step. Killed between the two renames: no classifier, never half a one.
    old = path.with_name(f".{path.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if path.exists():
        path.rename(old)
    fresh.rename(path)
    shutil.rmtree(old, ignore_errors=True)
