"""Read the catalog's files for DVC: its datasets, with the environment in their paths as a variable of DVC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ganops.errors import StageError

ROLES = ("out", "metric", "plot", "none")
_ENVIRONMENT = "${globals:environment}"


@dataclass(frozen=True)
class Entry:
    """One dataset, as DVC sees it.

    Attributes:
        name: its name in the catalog.
        type: the dataset's class, as the catalog writes it.
        role: one of ROLES, from `metadata: {dvc: …}`; "none" keeps a dataset out of dvc.yaml. Empty where the catalog
            names none: no pipeline makes the dataset.
        path: relative to the project, with `${env}` for the environment; empty where the role is "none".
        plot: properties of a plot for DVC, from `metadata: {dvc_plot: {x: …}}`.
    """

    name: str
    type: str
    role: str
    path: str
    plot: Mapping[str, Any] = field(default_factory=dict)


def read_catalog(folder: Path) -> dict[str, Entry]:
    """Return name → entry of all `catalog*.yml` of a configuration folder.

    Raises:
        StageError: an entry has an unknown role, or a path that only Kedro could resolve.
    """
    files = sorted(folder.glob("catalog*.yml"))
    return {name: _entry(name, values, file) for file in files for name, values in _load(file).items()}


def _load(file: Path) -> dict[str, dict[str, Any]]:
    entries = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    # Kedro takes keys that begin with an underscore for templates, not for datasets.
    return {name: values for name, values in entries.items() if not name.startswith("_")}


def _entry(name: str, values: Mapping[str, Any], file: Path) -> Entry:
    metadata = values.get("metadata") or {}
    role = metadata.get("dvc", "")
    if role not in ("", *ROLES):
        raise unknown_role(name, repr(role))
    path = "" if role == "none" else _path(name, values, file)
    return Entry(name, str(values.get("type")), role, path, metadata.get("dvc_plot") or {})


def unknown_role(name: str, received: str) -> StageError:
    """Return the error of a dataset that does not state its role for DVC."""
    return StageError(
        f"{name} in the catalog",
        expected="metadata.dvc to be one of " + ", ".join(ROLES),
        received=received,
        remedy=f"State the role of {name}, such as metadata: {{dvc: out}}.",
    )


def _path(name: str, values: Mapping[str, Any], file: Path) -> str:
    written = str(values.get("filepath") or values.get("path") or "")
    path = written.replace(_ENVIRONMENT, "${env}")
    if not path or "${" in path.replace("${env}", "") or Path(path).is_absolute():
        raise StageError(
            f"{file.name}: {name}",
            expected=f"a path inside the project, with {_ENVIRONMENT} as its only variable",
            received=written or "no path",
            remedy="Correct the path, or keep the dataset out of DVC with metadata: {dvc: none}.",
        )
    return path
