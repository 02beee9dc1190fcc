"""The base of all parameter objects, immutable, where an unknown key is an error that names the nearest known one."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ganops.errors import ConfigurationError, suggest

_WITH_KEYS = "keys with values below it"
# Where pydantic speaks of Python to who writes YAML.
_IN_YAML = {"tuple_type": "a list, such as [1, 2]", "model_type": _WITH_KEYS, "dict_type": _WITH_KEYS}
_IN_YAML |= {"missing": "a value, for it has no default"}
# Not `Self`: the type checker of the tests decorates methods one by one, where `Self` has no class.
P = TypeVar("P", bound="Parameters")


class Parameters(BaseModel):
    """Immutable parameters under one top-level key."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    key: ClassVar[str] = ""

    @model_validator(mode="before")
    @classmethod
    def _name_the_nearest_key(cls, values: Any) -> Any:
        for name in values if isinstance(values, Mapping) else ():
            if name not in cls.model_fields:
                raise unknown_key(cls.key, str(name), list(cls.model_fields))
        return values

    @classmethod
    def parse(cls: type[P], values: Any) -> P:
        """The validated object of a mapping; a wrong value raises ConfigurationError naming its key."""
        try:
            return cls.model_validate(dict(values) if isinstance(values, Mapping) else values)
        except ValidationError as error:
            raise wrong_value(cls.key, error) from None


def require_changes(base: Parameters, group: str, changed: Mapping[str, Any], common: str) -> None:
    """Raises ConfigurationError, under the name `group`, where a key or value is none that `base` may be changed to, or
    is `common` to all groups, and so said beside them."""
    known = [name for name in type(base).model_fields if name != common]
    if common in changed:
        raise ConfigurationError(
            f"{group}.{common}",
            expected=f"no {common} of its own, so that what differs is the rest",
            received=repr(changed[common]),
            remedy=f"Set {group.split('.')[0]}.{common}s, which holds for all.",
        )
    for name in changed:
        if name not in known:
            raise unknown_key(group, name, known)
    try:
        type(base).model_validate({**base.model_dump(), **changed})
    except ValidationError as error:
        raise wrong_value(group, error) from None


def unknown_key(group: str, name: str, known: list[str]) -> ConfigurationError:
    """The error of a key that nobody knows, with the nearest of those that are."""
    return ConfigurationError(
        f"{group}.{name}",
        expected="one of " + ", ".join(sorted(known)),
        received=f"the unknown key {name!r}",
        remedy=suggest(name, known, "Remove it.", within=f"{group}.", cutoff=0.0),
    )


def wrong_value(group: str, error: ValidationError) -> ConfigurationError:
    """Pydantic's first complaint, as an error that names the key, and the nearest of the words that it may be."""
    first = error.errors()[0]
    name = ".".join([group, *(str(step) for step in first["loc"] if step != "[key]")])
    words = re.findall("'([^']*)'", first["msg"]) if first["type"] == "literal_error" else []
    correct = f"Correct {name} in its parameters file or in --params."
    return ConfigurationError(
        name,
        expected=wanted(error),
        received=repr(first["input"]),
        remedy=suggest(str(first["input"]), words, correct),
    )


def describe_first_error(error: ValidationError) -> tuple[str, str]:
    """Return what pydantic's first complaint expected, with the field's name, and what it received."""
    first = error.errors()[0]
    name = ".".join(map(str, first["loc"]))
    return f"{name} {wanted(error)}".strip(), f"{first['input']!r:.200}" if name else "others"


def wanted(error: ValidationError) -> str:
    """What pydantic's first complaint would have taken, in words that go on after "expected"."""
    first = error.errors()[0]
    said = first["msg"].removeprefix("Input should be ").partition(", unable to")[0]
    said = said[:1].lower() + said[1:]
    return _IN_YAML.get(first["type"], f"a number {said}" if said.startswith(("greater", "less")) else said)
