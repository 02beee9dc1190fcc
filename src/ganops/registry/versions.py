"""Find registered versions by address, alias or weights."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ganops.errors import RegistryError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

T = TypeVar("T")
WEIGHTS_TAG = "weights_sha256"
_VERSION = re.compile("[0-9]{1,18}")  # more digits do not fit a database integer
ALIASES = ("champion", "challenger", "previous")


@dataclass(frozen=True)
class ModelAddress:
    """models:/NAME@ALIAS or models:/NAME/VERSION."""

    name: str
    alias: str = ""
    version: str = ""

    @classmethod
    def parse(cls, uri: str) -> "ModelAddress":
        """Parse an address; RegistryError where it is something else."""
        path = uri.removeprefix("models:/")
        name, at, alias = path.partition("@")
        if at and name and alias and "/" not in path:
            return cls(name, alias=alias)
        name, _, version = path.partition("/")
        if name and _VERSION.fullmatch(version):
            return cls(name, version=version)
        raise RegistryError(
            "the model's address",
            expected="models:/NAME@ALIAS, models:/NAME/VERSION, or a bundle's folder",
            received=repr(uri),
            remedy=f"Aliases are {', '.join(ALIASES)}.",
        )


def find_version(client: "MlflowClient", address: ModelAddress) -> "ModelVersion":
    """Return the version at an address; RegistryError lists the existing ones."""
    version = (
        find_by_alias(client, address.name, address.alias)
        if address.alias
        else _or_none(lambda: client.get_model_version(address.name, address.version))
    )
    if version is None:
        raise _make_missing_error(client, address)
    return version


def find_by_alias(client: "MlflowClient", name: str, alias: str) -> "ModelVersion | None":
    """Return the version, or None where the model or the alias does not exist."""
    return _or_none(lambda: client.get_model_version_by_alias(name, alias))


def find_by_weights(client: "MlflowClient", name: str, weights_sha256: str) -> "ModelVersion | None":
    """Return the latest version of these weights, or None."""
    query = f"name = '{name}' AND tag.{WEIGHTS_TAG} = '{weights_sha256}'"
    found = client.search_model_versions(query, max_results=1, order_by=["version_number DESC"])
    return next(iter(found), None)


def read_aliases(client: "MlflowClient", name: str) -> Mapping[str, str]:
    """Return alias → version; empty where the model does not exist."""
    model = _or_none(lambda: client.get_registered_model(name))
    return {} if model is None else {alias: str(version) for alias, version in model.aliases.items()}


def _or_none(request: Callable[[], T]) -> T | None:
    from mlflow.exceptions import MlflowException

    try:
        return request()
    except MlflowException as error:
        # The first is the code of a missing alias, the second that of a missing model.
        if error.error_code in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"):
            return None
        raise


def _make_missing_error(client: "MlflowClient", address: ModelAddress) -> RegistryError:
    expected = f"the alias {address.alias!r}" if address.alias else f"version {address.version}"
    names = sorted(model.name for model in client.search_registered_models())
    aliases = read_aliases(client, address.name)
    if address.name in names:
        versions = sorted(int(v.version) for v in client.search_model_versions(f"name = '{address.name}'"))
        existing = ", ".join(
            [f"versions {versions}", *(f"{alias} = version {v}" for alias, v in sorted(aliases.items()))]
        )
    else:
        existing = "no such model, only " + (", ".join(names) or "an empty registry")
    remedy = "Choose one of these, or register one with `kedro run`."
    return RegistryError(address.name, expected=expected, received=existing, remedy=remedy)
