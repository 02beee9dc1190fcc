"""The effective parameters of a run: what the files, the environment and --params give together, validated and flat."""

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ganops.code_digest import training_digest
from ganops.config import (
    ComparisonParameters,
    DataPreparationParameters,
    EvaluationParameters,
    Parameters,
    RegistrationParameters,
    TrainingParameters,
)
from ganops.errors import ConfigurationError, suggest
from ganops.files import read_regular

GROUPS: dict[str, type[Parameters]] = {
    kind.key: kind
    for kind in (
        DataPreparationParameters,
        TrainingParameters,
        EvaluationParameters,
        RegistrationParameters,
        ComparisonParameters,
    )
}


def effective_parameters(raw: Mapping[str, Any]) -> dict[str, Parameters]:
    """Each group of the configuration as its object, defaults included.

    Raises:
        ConfigurationError: an unknown group or key, or a wrong value. Checked before anything runs, for all pipelines:
            a mistake in a late stage does not cost the training before it.
    """
    for name in raw:
        if name not in GROUPS:
            raise _unknown_group(name)
    return {name: GROUPS[name].parse({} if values is None else values) for name, values in raw.items()}


def flat_parameters(groups: Mapping[str, Parameters]) -> dict[str, Any]:
    """Flat `group.key` → value."""
    return flatten({name: group.model_dump(mode="json") for name, group in groups.items()})


def flatten(values: Mapping[str, Any], separator: str = ".") -> dict[str, Any]:
    """Nested mappings as one, the keys joined; lists stay values."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}{separator}{inner}": leaf for inner, leaf in flatten(value, separator).items()}
        else:
            flat[str(name)] = value
    return flat


def resume_key(environment: str, parameters: Mapping[str, Any]) -> str:
    """sha256 of what makes two runs the same piece of work, where their data are the same too: environment, parameters,
    the content of the file that training.continue_from names, the source that trains, and torch."""
    continued = [name for name in sorted(parameters) if name.endswith(".continue_from") and parameters[name]]
    lines = [
        environment,
        *(f"{name}={parameters[name]!r}" for name in sorted(parameters)),
        *(f"{name}: {_digest(Path(parameters[name]))}" for name in continued),
        training_digest(),
        version("torch"),
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _digest(path: Path) -> str:
    """Return the sha256 of a file; empty where it cannot be read, which the training reports itself."""
    try:
        return hashlib.sha256(read_regular(path)).hexdigest()
    except OSError:
        return ""


def _unknown_group(name: str) -> ConfigurationError:
    within = [f"{group}.{name}" for group, kind in GROUPS.items() if name in kind.model_fields]
    return ConfigurationError(
        f"The parameter group {name!r}",
        expected="one of " + ", ".join(GROUPS),
        received=f"the unknown group {name!r}",
        remedy=f"Did you mean {' or '.join(within)}?" if within else suggest(name, GROUPS, cutoff=0.0),
    )
