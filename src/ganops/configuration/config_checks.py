"""Checks of the configuration folder: the environment exists, and no file hides a changed value from DVC."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ganops.errors import ConfigurationError, suggest
from ganops.git import git
from ganops.parameters import flatten

_MISSING = object()
# conf/local files whose names begin like this cannot change an output.
_WITHOUT_EFFECT = ("credentials", "logging", "mlflow")


def local_files(configuration: Path, environment: str | None) -> list[str]:
    """Return the names of the files of conf/local that can change an output; neither DVC nor git sees them.

    Args:
        configuration: the folder conf.
        environment: the folder in it that overlays base; None is Kedro's default, local. Any other hides conf/local.
    """
    if environment not in (None, "local"):
        return []
    names = sorted(path.name for path in (configuration / "local").rglob("*.y*ml"))
    return [name for name in names if not name.startswith(_WITHOUT_EFFECT)]


def check_environment(known: Sequence[str], environment: str | None) -> None:
    """Check that `--env` names a data set: the run would replace the data of the default one.

    Args:
        known: the environments with a globals.yml, which names their data.
        environment: of `--env`; None and local overlay the default one.

    Raises:
        ConfigurationError: conf/<environment>/globals.yml is missing.
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
    """Check inside a stage of DVC that the values in effect are those that DVC records.

    Args:
        configuration: the folder conf.
        environment: the folder in it that overlays base; None is Kedro's default, local.

    Raises:
        ConfigurationError: conf/local is in effect, or `dvc exp run -S` changed a key that the environment overrides.
    """
    if "DVC_STAGE" not in os.environ:
        return
    if files := local_files(configuration, environment):
        raise _local_in_effect(files)
    if "DVC_EXP_NAME" in os.environ:
        for file in sorted((configuration / "base").glob("parameters*.yml")):
            _check_changes_take_effect(file, configuration / (environment or "local") / file.name)


def _check_changes_take_effect(base: Path, overlay: Path) -> None:
    committed = git(base.parent, "show", f"HEAD:./{base.name}")
    if committed is None or not overlay.is_file():
        return
    now, before, above = (_flat(text) for text in (base.read_text("utf-8"), committed, overlay.read_text("utf-8")))
    hidden = [key for key in now if key in above and now[key] != before.get(key, _MISSING)]
    if hidden:
        raise ConfigurationError(
            f"{hidden[0]} of {_relative(base)}",
            expected="a changed value to take effect",
            received=f"{_relative(overlay)}, which sets it to {above[hidden[0]]!r} and wins",
            remedy=f"Change it there: dvc exp run -S '{_relative(overlay)}:{hidden[0]}=…'.",
        )


def _flat(text: str) -> Mapping[str, Any]:
    return flatten(yaml.safe_load(text) or {})


def _relative(file: Path) -> str:
    return file.relative_to(file.parents[2]).as_posix()


def _local_in_effect(files: list[str]) -> ConfigurationError:
    return ConfigurationError(
        "A DVC stage",
        expected="`kedro run --env …`, so that DVC sees every parameter",
        received=f"conf/local in effect, with {', '.join(files)}",
        remedy="Generate dvc.yaml again with `kedro dvc sync`.",
    )
