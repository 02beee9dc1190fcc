"""The base of all parameter objects: immutable, and an unknown key is an error that names the nearest known one."""

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
    model_serializer,
    model_validator,
)
from pydantic.fields import FieldInfo

from ganops.errors import ConfigurationError, suggest

_WITH_KEYS = "keys with values below it"
# Types of pydantic's errors whose messages speak of Python, in words of YAML.
_IN_YAML = {
    "tuple_type": "a list, such as [1, 2]",
    "model_type": _WITH_KEYS,
    "dict_type": _WITH_KEYS,
    "missing": "a value, for it has no default",
}
# Not `Self`: the type checker of the tests decorates methods one by one, where `Self` has no class.
P = TypeVar("P", bound="Parameters")
Number = TypeVar("Number", bound=float)


class Parameters(BaseModel):
    """Immutable parameters under one top-level key."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    key: ClassVar[str] = ""

    @model_validator(mode="before")
    @classmethod
    def _check_keys(cls, values: Any) -> Any:
        for name in values if isinstance(values, Mapping) else ():
            if name not in cls.model_fields:
                raise unknown_key(cls.key, str(name), list(cls.model_fields), _keys_in_groups(cls))
        return values

    @classmethod
    def parse(cls: type[P], values: Any) -> P:
        """Validate a mapping and return the object; ConfigurationError names the key of a wrong value."""
        try:
            return cls.model_validate(dict(values) if isinstance(values, Mapping) else values)
        except ValidationError as error:
            raise _wrong_value(cls.key, error.errors()[0]) from None

    def replace(self: P, changes: Mapping[str, Any]) -> P:
        """Return a validated copy with other values, by dotted key."""
        return type(self).parse(nest({**leaves(self), **changes}))


@dataclass(frozen=True)
class Onset:
    """A weight that is 0 in the first part of a training, then `value`.

    Attributes:
        value: from then on.
        share: of total_images at which it begins.
    """

    value: float
    share: float

    def begins(self, total_images: int) -> int:
        """Return the images seen from which on it has its value."""
        return math.ceil(self.share * total_images)


class Ramp(Parameters, Generic[Number]):
    """A value that moves from `start` to `end` during the burn-in; a plain number stays what it is."""

    start: Number
    end: Number

    @model_validator(mode="wrap")
    @classmethod
    def _accept_number(cls, values: Any, handler: Callable[[Any], Any]) -> Any:
        if isinstance(values, Ramp):
            values = {"start": values.start, "end": values.end}
        if isinstance(values, Mapping):
            return handler(values)
        try:
            return handler({"start": values, "end": values})
        except ValidationError as error:
            raise ValueError(describe_expected(error)) from None

    @model_serializer
    def _serialize(self) -> Any:
        return self.end if self.start == self.end else {"start": self.start, "end": self.end}

    def __bool__(self) -> bool:
        """Return whether the value is ever other than 0."""
        return bool(self.start or self.end)

    def __str__(self) -> str:
        """Return the number, or both as `start → end`."""
        return f"{self.end:g}" if self.start == self.end else f"{self.start:g} → {self.end:g}"


def leaves(parameters: Parameters) -> dict[str, Any]:
    """Return dotted key → value for the parameters and their groups; a Ramp is one value."""
    flat: dict[str, Any] = {}
    for name, value in parameters:
        if isinstance(value, Parameters) and not isinstance(value, Ramp):
            flat |= {f"{name}.{inner}": leaf for inner, leaf in leaves(value).items()}
        else:
            flat[name] = value
    return flat


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return the nested mapping of dotted keys; the inverse of `leaves`."""
    nested: dict[str, Any] = {}
    for key, value in flat.items():
        *groups, name = key.split(".")
        inner = nested
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[name] = value
    return nested


def merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with other values; a mapping in both is merged, so that `changes` may name a part of a group."""
    merged = dict(base)
    for name, value in changes.items():
        both = isinstance(value, Mapping) and isinstance(base.get(name), Mapping)
        merged[name] = merge(base[name], value) if both else value
    return merged


def overrides_class(key: str, *kinds: type[Parameters], without: Collection[str] = ()) -> type[Parameters]:
    """Return a class of values that may replace those of `kinds`; a value is None where it replaces nothing.

    Args:
        key: dotted key of the group, for messages.
        kinds: classes whose fields, with their types and bounds, the class has.
        without: fields that it lacks.
    """
    known: dict[str, FieldInfo] = {}
    for kind in kinds:
        own = {name: field for name, field in kind.model_fields.items() if name not in without}
        for name in own.keys() & known.keys():
            if (own[name].annotation, own[name].metadata) != (known[name].annotation, known[name].metadata):
                raise ConfigurationError(
                    f"{key}.{name}, of {kind.__name__}",
                    expected="the same values as of the other kinds with this key",
                    received="others",
                    remedy="Give the key another name.",
                )
        known |= own
    fields: dict[str, Any] = {name: _optional(f"{key}.{name}", field) for name, field in known.items()}
    model = create_model(key, __base__=Parameters, **fields)
    model.key = key
    return model


def _optional(key: str, field: FieldInfo) -> tuple[Any, Any]:
    kind: Any = field.annotation
    if _is_group(kind):
        group = overrides_class(key, kind)
        return group, group()
    if field.metadata:
        kind = Annotated[(kind, *field.metadata)]  # pyright: ignore[reportInvalidTypeForm]
    return kind | None, Field(default=None, description=field.description)


def _keys_in_groups(kind: type[Parameters]) -> list[str]:
    keys = []
    for name, field in kind.model_fields.items():
        inner: Any = field.annotation
        if _is_group(inner):
            keys += [f"{name}.{key}" for key in (*inner.model_fields, *_keys_in_groups(inner))]
    return keys


def _is_group(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Parameters) and not issubclass(kind, Ramp)


def flatten(values: Mapping[str, Any], separator: str = ".") -> dict[str, Any]:
    """Return nested mappings as one, the keys joined by the separator; lists stay values."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}{separator}{inner}": leaf for inner, leaf in flatten(value, separator).items()}
        else:
            flat[str(name)] = value
    return flat


def validate_overrides(
    kind: type[Parameters],
    group: str,
    overrides: Mapping[str, Any],
    *,
    shared: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Check values that will replace some of an object's parameters, before there is such an object.

    Args:
        kind: the class of the object.
        group: the dotted key of the overrides, for the message.
        overrides: parameter → value.
        shared: parameters that no override may set, each with the remedy.

    Raises:
        ConfigurationError: a parameter is unknown or shared, or a value is wrong.
    """
    known = [name for name in kind.model_fields if name not in shared]
    for name, value in overrides.items():
        if name in shared:
            raise ConfigurationError(
                f"{group}.{name}", expected="no such key here", received=repr(value), remedy=shared[name]
            )
        if name not in known:
            raise unknown_key(group, name, known, _keys_in_groups(kind))
        inner: Any = kind.model_fields[name].annotation
        if _is_group(inner) and isinstance(value, Mapping):
            validate_overrides(inner, f"{group}.{name}", value)
    try:
        kind.model_validate(dict(overrides))
    except ValidationError as error:
        # A parameter without a default keeps the value of the object.
        for details in error.errors():
            if details["type"] != "missing":
                raise _wrong_value(group, details) from None


def unknown_key(group: str, name: str, known: Collection[str], inner: Collection[str] = ()) -> ConfigurationError:
    """Return the error of an unknown key, with the nearest known one as the remedy.

    Args:
        group: where the key stands.
        name: the key.
        known: the keys that may stand there.
        inner: dotted keys of the groups among them; one that ends in `name` is the nearest.
    """
    nearest = [key for key in inner if key.endswith(f".{name}")] or known
    return ConfigurationError(
        f"{group}.{name}",
        expected="one of " + ", ".join(sorted(known)),
        received=f"the unknown key {name!r}",
        remedy=suggest(name, nearest, "Remove it.", within=f"{group}.", cutoff=0.0),
    )


def describe_expected(error: ValidationError) -> str:
    """Return what pydantic's first error would have accepted, as words that continue "expected"."""
    return _describe(error.errors()[0])


def describe_first_error(error: ValidationError) -> tuple[str, str]:
    """Return what pydantic's first error expected, with the field's name, and what it received."""
    first = error.errors()[0]
    name = ".".join(map(str, first["loc"]))
    return f"{name} {_describe(first)}".strip(), f"{first['input']!r:.200}" if name else "others"


def _wrong_value(group: str, details: Mapping[str, Any]) -> ConfigurationError:
    name = ".".join([group, *(str(step) for step in details["loc"] if step != "[key]")])
    words = re.findall("'([^']*)'", details["msg"]) if details["type"] == "literal_error" else []
    correct = f"Correct {name} in its parameters file or in --params."
    return ConfigurationError(
        name,
        expected=_describe(details),
        received=repr(details["input"]),
        remedy=suggest(str(details["input"]), words, correct),
    )


def _describe(details: Mapping[str, Any]) -> str:
    message = details["msg"].removeprefix("Value error, ").removeprefix("Input should be ").partition(", unable to")[0]
    message = message[:1].lower() + message[1:]
    number = f"a number {message}" if message.startswith(("greater", "less")) else message
    return _IN_YAML.get(details["type"], number)
