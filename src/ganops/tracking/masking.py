"""Keep secrets out of a run's record: files named like secrets, passwords in addresses, tokens.

Tags, parameters, diffs, warnings and error messages pass through `mask_secrets`.
"""

import os
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

_MASK = "***"
_SECRET_FILE = re.compile(
    r".*(credential|secret|passw(or)?d).*"
    r"|\.env(\..*)?|.*\.env|config\.local"
    r"|.*\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk)"
    r"|id_(rsa|dsa|ecdsa|ed25519).*"
    r"|\.(netrc|pgpass|pypirc|npmrc|htpasswd|git-credentials)"
    r"|(.*[_.-])?((api|access)?[_-]?(keys?|tokens?)|service[_-]?account)([_.-].*)?\.(ya?ml|json|toml|ini|cfg|conf|txt)",
    re.IGNORECASE,
)
_SECRET_VARIABLE = re.compile(r"PASSW|SECRET|TOKEN|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY", re.IGNORECASE)
# A shorter value, such as "1" or "true", is no secret and occurs in too many texts.
_SHORTEST_SECRET = 8
_ADDRESS_USER = re.compile(r"(?<=://)[^\s/'\"]+@")
_ADDRESS_QUERY = re.compile(r"([?&;][^\s=&;]*(?:passw|secret|token|key|sig)[^\s=&;]*=)[^\s&;'\"]+", re.IGNORECASE)
_PARAMETERS_OPTION = "--params"


def is_secret_file(path: str) -> bool:
    """Return whether a file or one of its folders is named like credentials, keys or tokens."""
    return any(_SECRET_FILE.fullmatch(part) for part in PurePosixPath(path).parts)


def mask_secrets(text: str) -> str:
    """Replace user and password of every address, and the value of every environment variable named like a secret."""
    for value in _secret_values():
        text = text.replace(value, _MASK)
    return _ADDRESS_QUERY.sub(rf"\1{_MASK}", _ADDRESS_USER.sub(f"{_MASK}@", text))


def mask_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Mask the texts of a nested mapping; a value without a secret keeps its type."""
    return {name: _mask_value(value) for name, value in values.items()}


def mask_command(arguments: list[str]) -> str:
    """Join a command line, with only the keys of `--params`; the run's parameters hold the values."""
    parts, follows = list[str](), False
    for argument in arguments:
        option, equals, value = argument.partition("=")
        if follows:
            parts.append(_keep_keys(argument))
        elif option == _PARAMETERS_OPTION and equals:
            parts.append(f"{option}={_keep_keys(value)}")
        else:
            parts.append(argument)
        follows = argument == _PARAMETERS_OPTION
    return mask_secrets(" ".join(parts))


def _keep_keys(parameters: str) -> str:
    return ",".join(f"{part.partition('=')[0]}=…" for part in parameters.split(",") if "=" in part)


def _mask_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return mask_values(value)
    if isinstance(value, list | tuple):
        return [_mask_value(item) for item in value]
    text = str(value)
    masked = mask_secrets(text)
    return value if masked == text else masked


def _secret_values() -> list[str]:
    """Return the values, the longest first, since one may be part of another."""
    values = {value for name, value in os.environ.items() if _SECRET_VARIABLE.search(name)}
    return sorted((value for value in values if len(value) >= _SHORTEST_SECRET), key=len, reverse=True)
