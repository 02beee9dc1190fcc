"""The prepared data set in the catalog."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

if TYPE_CHECKING:
    from ganops.data.store import PreparedData, Store


class StoreDataset(AbstractDataset["PreparedData", "Store"]):
    """Saves PreparedData atomically as a store, and loads it as a memory-mapped Store.

    Args:
        filepath: the folder.
        metadata: for the tools that read the catalog; ignored here.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> "Store":
        """Return the store; DataError where it is missing or damaged."""
        from ganops.data.store import Store

        return Store.open(self._filepath)

    def save(self, data: "PreparedData") -> None:
        """Write the folder; it replaces an older one."""
        data.write(self._filepath)

    def _exists(self) -> bool:
        return (self._filepath / "store.json").is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
