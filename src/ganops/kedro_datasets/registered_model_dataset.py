"""The registered model's name in the catalog."""

from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError


class RegisteredModelDataset(AbstractDataset[Any, str]):
    """A handle: loads as the name. Versions are made by the register node, which has the run to log them to."""

    def __init__(self, *, name: str, metadata: dict[str, Any] | None = None) -> None:
        self._name = name
        self.metadata = metadata

    def load(self) -> str:
        """The name, for use in models:/NAME@ALIAS."""
        return self._name

    def save(self, data: Any) -> NoReturn:
        """Always an error."""
        raise DatasetError(f"{self._name} is a handle and cannot be saved: the node `register` makes its versions.")

    def _describe(self) -> dict[str, Any]:
        return {"name": self._name}
