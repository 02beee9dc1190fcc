"""The trained generator in the catalog."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

if TYPE_CHECKING:
    from ganops.bundle import Bundle, BundleData


class BundleDataset(AbstractDataset["BundleData", "Bundle"]):
    """Saves BundleData as a folder, loads it as a Bundle on the CPU."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> "Bundle":
        """Return the bundle; BundleError where it is missing or damaged."""
        from ganops.bundle import Bundle

        return Bundle.load(self._filepath)

    def save(self, data: "BundleData") -> None:
        """Write the folder atomically."""
        data.save(self._filepath)

    def _exists(self) -> bool:
        return (self._filepath / "bundle.json").is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
