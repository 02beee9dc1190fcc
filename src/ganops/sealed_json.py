"""JSON that states its own sha256, so that a damaged word is found as a damaged weight is."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

_SEAL = "sha256"


def seal(values: Mapping[str, Any]) -> str:
    """The JSON of the values and of their sha256; equal values give equal text."""
    return json.dumps({**values, _SEAL: _digest(values)}, indent=1, sort_keys=True) + "\n"


def load_object(content: bytes) -> dict[str, Any]:
    """A JSON object; ValueError where it is something else."""
    try:
        values = json.loads(content)
    except RecursionError:
        raise ValueError("JSON nested too deep") from None
    if not isinstance(values, dict):
        raise ValueError("JSON that is no object")
    return values


def without_seal(values: Mapping[str, Any]) -> dict[str, Any]:
    """What `seal` was given; ValueError where it was something else."""
    rest = {name: value for name, value in values.items() if name != _SEAL}
    if values.get(_SEAL) != _digest(rest):
        raise ValueError("other values than were written: their sha256 differs")
    return rest


def _digest(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
