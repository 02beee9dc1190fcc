"""Kedro's configuration loader, with checks of the environment's name, of YAML files and of interpolations."""

import os
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from kedro.config import MissingConfigException, OmegaConfigLoader
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ganops.configuration.yaml_limits import LARGEST_BYTES, check_yaml
from ganops.errors import ConfigurationError
from ganops.files import disk_errors

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_INTERPOLATION = "${"
_PATTERNS = {"**/": "(?:.*/)?", "/**": "/.*", "*": "[^/]*"}
# Groups of the configuration whose values are recorded: they may hold no interpolation.
_LITERAL = ("parameters", "globals")


class ProjectConfigLoader(OmegaConfigLoader):
    """Reads conf; an error in it is a ConfigurationError that names the file or the key."""

    def __init__(
        self,
        conf_source: str | Path,
        env: str | None = None,
        runtime_params: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        _check_name("--env", env)
        _check_literal("--params", runtime_params or {})
        _check_readable(Path(conf_source), options.get("base_env"), env)
        super().__init__(conf_source, env, runtime_params, **options)
        _check_name("environment of globals.yml", self._globals.get("environment"))

    def __getitem__(self, key: str) -> dict[str, Any]:
        """Load a group as Kedro does; ConfigurationError where a file cannot be read or parsed."""
        try:
            return super().__getitem__(key)
        except (MissingConfigException, KeyError):
            raise
        except (OSError, ValueError, yaml.YAMLError, OmegaConfBaseException, RecursionError) as error:
            raise ConfigurationError(
                f"The {key} files of {self.conf_source}",
                expected="YAML files of UTF-8 that may be read",
                received=" ".join(str(error).split()),
                remedy="Correct the file.",
            ) from None

    @staticmethod
    def _initialise_filesystem_and_protocol(conf_source: str) -> tuple[Any, str]:
        shared, protocol = OmegaConfigLoader._initialise_filesystem_and_protocol(conf_source)
        files: Any = shared
        if protocol == "file":
            files = type(shared)(skip_instance_cache=True)  # not the shared instance: its method is replaced
            files.glob = partial(_match, files, Path(conf_source).as_posix())
        return files, protocol

    def _is_valid_config_path(self, path: Path) -> bool:
        valid = super()._is_valid_config_path(path)
        if valid:
            content: Any = self._fs.cat_file(path.as_posix(), 0, LARGEST_BYTES + 1)
            check_yaml(path.as_posix(), content)
        return valid

    def _merge_and_resolve(self, key: str, config_per_file: dict[Path, Any]) -> dict[str, Any]:
        if key in _LITERAL:
            for file, config in config_per_file.items():
                _check_literal(str(file), OmegaConf.to_container(config, resolve=False))
        return super()._merge_and_resolve(key, config_per_file)

    def environments(self) -> list[str]:
        """Return the names of the folders with a globals.yml, except the base environment."""
        files = self._fs.glob(f"{self._get_conf_env_path('*')}/globals.yml")
        return sorted({Path(str(file)).parent.name for file in files} - {self.base_env})


def _match(files: Any, folder: str, path: str) -> list[str]:
    """Return the files below `folder` that match; the path of the folder itself is taken literally.

    Only the part before the first wildcard is searched: Kedro asks dozens of times, for each environment alone.
    """
    wanted = path.removeprefix(f"{folder}/")
    parts = re.split(r"(\*\*/|/\*\*$|\*)", wanted)
    pattern = re.compile("".join(_PATTERNS.get(part, re.escape(part)) for part in parts))
    start = Path(folder, wanted.partition("*")[0].rpartition("/")[0])
    return [file for file in files.find(start.as_posix()) if pattern.fullmatch(os.path.relpath(file, folder))]


def _check_name(subject: str, name: str | None) -> None:
    """Raise ConfigurationError where an environment's name could be a path."""
    if name is not None and not _NAME.fullmatch(str(name)):
        raise ConfigurationError(
            subject,
            expected="a name of letters, digits, -, _ and .",
            received=repr(name),
            remedy="Name a folder of conf, such as smoke.",
        )


def _check_literal(subject: str, values: Any) -> None:
    """Raise ConfigurationError for an interpolation: it could put an environment variable's value into the record."""
    for key, text in _texts(values):
        if _INTERPOLATION in text:
            raise ConfigurationError(
                f"{key} of {subject}",
                expected="a literal value, since parameters are recorded and versioned as they stand",
                received=repr(text),
                remedy="Write the value in place of ${…}.",
            )


def _texts(values: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(values, str):
        yield key, values
    elif isinstance(values, Mapping):
        for name, value in values.items():
            yield from _texts(value, f"{key}.{name}" if key else str(name))
    elif isinstance(values, list):
        for index, value in enumerate(values):
            yield from _texts(value, f"{key}[{index}]")


def _check_readable(configuration: Path, *environments: str | None) -> None:
    with disk_errors(configuration):
        exists = "://" in str(configuration) or configuration.exists()
    if not exists:
        raise ConfigurationError(
            str(configuration),
            expected="the folder conf, with base and a folder for each environment",
            received="no such folder",
            remedy="Start in the project's folder, or name the folder or archive that `kedro package` wrote: "
            "--conf-source conf-ganops.tar.gz.",
        )
    for folder in (configuration, *(configuration / name for name in environments if name)):
        if folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK):
            raise ConfigurationError(
                str(folder),
                expected="a folder that may be read and entered",
                received="no permission",
                remedy="Grant the permission: chmod u+rx.",
            )
