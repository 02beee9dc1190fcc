"""JSON with its own sha256, so that damage is found in texts as in weights; the base of its schemas."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

_SEAL = "sha256"
Sha256 = Annotated[str, Field(pattern=r"\A[0-9a-f]{64}\z")]
Share = Annotated[float, Field(ge=0, le=1)]


class StrictModel(BaseModel):
    """Base of the schemas of stored JSON: no unknown key, no converted type, no NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def seal(values: Mapping[str, Any]) -> str:
    """Return the JSON of the values and of their sha256; equal values give equal text."""
    return json.dumps({**values, _SEAL: _digest(values)}, indent=1, sort_keys=True) + "\n"


def load_object(content: bytes) -> dict[str, Any]:
    """Parse a JSON object; ValueError where it is something else."""
    try:
        values = json.loads(content)
    except RecursionError:
        raise ValueError("JSON nested too deep") from None
    if not isinstance(values, dict):
        raise ValueError("JSON that is no object")
    return values


def without_seal(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that `seal` wrote; ValueError where their sha256 differs."""
    rest = {name: value for name, value in values.items() if name != _SEAL}
    if values.get(_SEAL) != _digest(rest):
        raise ValueError("values whose sha256 differs from the one written with them")
    return rest


def _digest(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
