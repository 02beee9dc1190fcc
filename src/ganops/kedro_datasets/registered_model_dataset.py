"""The name of the registered model in the catalog."""

from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError


class RegisteredModelDataset(AbstractDataset[Any, str]):
    """A handle: it loads as the name. The node `register` creates the versions: it has the run to log them to."""

    def __init__(self, *, name: str, metadata: dict[str, Any] | None = None) -> None:
        self._name = name
        self.metadata = metadata

    def load(self) -> str:
        """Return the name, for use in models:/NAME@ALIAS."""
        return self._name

    def save(self, data: Any) -> NoReturn:
        """Raise DatasetError: a handle cannot be saved."""
        raise DatasetError(f"{self._name} is a handle and cannot be saved: the node `register` makes its versions.")

    def _describe(self) -> dict[str, Any]:
        return {"name": self._name}
