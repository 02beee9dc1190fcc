"""Parameters from where no commit holds them: conf/local, and `kedro run --params`. The run's tags name them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganops.tracking.overlays import local_files
from ganops.tracking.parameters import flatten

_LOCAL, _RUNTIME = "conf_local", "runtime_parameters"
_SEPARATOR = " "


def override_tags(configuration: Path, environment: str | None, runtime: Mapping[str, Any]) -> dict[str, str]:
    """Both tags, empty where there is nothing, so that a run that is taken up again loses what is over.

    Args:
        configuration: the folder conf.
        environment: the folder in it that overlays base; None is Kedro's default, local.
        runtime: the parameters of `--params`.
    """
    files = local_files(configuration) if environment in (None, "local") else []
    return {_LOCAL: _SEPARATOR.join(files), _RUNTIME: _SEPARATOR.join(sorted(flatten(runtime)))}


def overrides_of(tags: Mapping[str, str]) -> list[str]:
    """Of a run's tags: the files of conf/local that were in force, and the keys of `--params`."""
    local = [f"conf/local/{name}" for name in tags.get(_LOCAL, "").split()]
    return local + [f"--params {key}" for key in tags.get(_RUNTIME, "").split()]
