"""The effective parameters of a run: what the files, the environment and --params give together, validated."""

from collections.abc import Mapping
from typing import Any

from ganops.comparison_config import ComparisonParameters
from ganops.config import Parameters
from ganops.errors import ConfigurationError, suggest
from ganops.evaluation_config import EvaluationParameters, RegistrationParameters
from ganops.parameters import flatten
from ganops.preparation_config import DataPreparationParameters
from ganops.training_config import TrainingParameters

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
    """Return each group of the configuration as its object, defaults included.

    All groups are checked before anything runs: an error in a late stage does not cost the training before it.

    Raises:
        ConfigurationError: a group or key is unknown, or a value is wrong.
    """
    for name in raw:
        if name not in GROUPS:
            raise _unknown_group(name)
    return {name: GROUPS[name].parse({} if values is None else values) for name, values in raw.items()}


def flat_parameters(groups: Mapping[str, Parameters]) -> dict[str, Any]:
    """Return `group.key` → value of all groups."""
    return flatten({name: group.model_dump(mode="json") for name, group in groups.items()})


def _unknown_group(name: str) -> ConfigurationError:
    within = [f"{group}.{name}" for group, kind in GROUPS.items() if name in kind.model_fields]
    return ConfigurationError(
        f"The parameter group {name!r}",
        expected="one of " + ", ".join(GROUPS),
        received=f"the unknown group {name!r}",
        remedy=f"Did you mean {' or '.join(within)}?" if within else suggest(name, GROUPS, cutoff=0.0),
    )
