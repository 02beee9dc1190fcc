"""What one configuration folder hides of another, refused where nobody would notice."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ganops.errors import ConfigurationError, suggest
from ganops.git import git
from ganops.tracking.parameters import flatten

_MISSING = object()
_WITHOUT_RESULT = ("credentials", "logging", "mlflow")


def local_files(configuration: Path) -> list[str]:
    """Names of the files of conf/local that can shape a result: DVC and git do not see them."""
    names = sorted(path.name for path in (configuration / "local").rglob("*.y*ml"))
    return [name for name in names if not name.startswith(_WITHOUT_RESULT)]


def require_environment(known: Sequence[str], environment: str | None) -> None:
    """Stop where `--env` is mistyped; and where it does not name its data, for these would replace the default's.

    Args:
        known: the environments that name their data.
        environment: of `--env`; None and local overlay the default one.

    Raises:
        ConfigurationError: no conf/<environment>/globals.yml.
    """
    if environment in (None, "local", *known):
        return
    raise ConfigurationError(
        f"--env {environment}",
        expected=f"one of {', '.join(known)}",
        received=f"no file conf/{environment}/globals.yml",
        remedy=suggest(environment, known, f"To make it one, write `environment: {environment}` there."),
    )


def check_overrides_visible_to_dvc(configuration: Path, environment: str | None) -> None:
    """Inside a DVC stage, stop where a setting would be in force that DVC does not see, or not be in force at all.

    Args:
        configuration: the folder conf.
        environment: the folder in it that overlays base; None is Kedro's default, local.

    Raises:
        ConfigurationError: conf/local is in force, or `dvc exp run -S` changed a key that the environment overrides.
    """
    if "DVC_STAGE" not in os.environ:
        return
    if environment in (None, "local") and (files := local_files(configuration)):
        raise _local_in_force(files)
    if "DVC_EXP_NAME" in os.environ:
        for file in sorted((configuration / "base").glob("parameters*.yml")):
            _refuse_hidden(file, configuration / (environment or "local") / file.name)


def _refuse_hidden(base: Path, overlay: Path) -> None:
    committed = git(base.parent, "show", f"HEAD:./{base.name}")
    if committed is None or not overlay.is_file():
        return
    now, before, above = (_flat(text) for text in (base.read_text("utf-8"), committed, overlay.read_text("utf-8")))
    hidden = [key for key in now if key in above and now[key] != before.get(key, _MISSING)]
    if hidden:
        raise ConfigurationError(
            f"{hidden[0]} of {_shown(base)}",
            expected="a changed value to take effect",
            received=f"{_shown(overlay)}, which sets it to {above[hidden[0]]!r} and wins",
            remedy=f"Change it there: dvc exp run -S '{_shown(overlay)}:{hidden[0]}=…'.",
        )


def _flat(text: str) -> Mapping[str, Any]:
    return flatten(yaml.safe_load(text) or {})


def _shown(file: Path) -> str:
    return file.relative_to(file.parents[2]).as_posix()


def _local_in_force(files: list[str]) -> ConfigurationError:
    return ConfigurationError(
        "A DVC stage",
        expected="`kedro run --env …`, so that DVC sees every parameter",
        received=f"conf/local in force, with {', '.join(files)}",
        remedy="Generate dvc.yaml anew with `kedro dvc sync`.",
    )
