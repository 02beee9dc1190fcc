"""Kedro's configuration loader with bounds: of names, of files, and of what a parameter may be taken from."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem
from fsspec.utils import glob_translate
from kedro.config import MissingConfigException, OmegaConfigLoader
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ganops.errors import ConfigurationError
from ganops.tracking.yaml_limits import LARGEST_BYTES, check_yaml

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_INTERPOLATION = "${"
# Groups of the configuration whose values are recorded: what they hold stands there as it is.
_LITERAL = ("parameters", "globals")


class ProjectConfigLoader(OmegaConfigLoader):
    """Reads conf; whatever is wrong with it is a ConfigurationError that names the file or the key."""

    def __init__(
        self,
        conf_source: str | Path,
        env: str | None = None,
        runtime_params: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        check_name("--env", env)
        check_literal("--params", runtime_params or {})
        _check_readable(Path(conf_source), options.get("base_env"), env)
        super().__init__(conf_source, env, runtime_params, **options)
        check_name("environment of globals.yml", self["globals"].get("environment"))

    def __getitem__(self, key: str) -> dict[str, Any]:
        """As Kedro's; a file that cannot be read, or means nothing, is a ConfigurationError."""
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
    def _initialise_filesystem_and_protocol(conf_source: str) -> tuple[AbstractFileSystem, str]:
        files, protocol = OmegaConfigLoader._initialise_filesystem_and_protocol(conf_source)
        return (_LocalFiles(str(conf_source)), protocol) if protocol == "file" else (files, protocol)

    def _is_valid_config_path(self, path: Path) -> bool:
        valid = super()._is_valid_config_path(path)
        if valid:
            check_yaml(path.as_posix(), self._fs.cat_file(path.as_posix(), 0, LARGEST_BYTES + 1))
        return valid

    def _merge_and_resolve(self, key: str, config_per_file: dict[Path, Any]) -> dict[str, Any]:
        if key in _LITERAL:
            for file, config in config_per_file.items():
                check_literal(str(file), OmegaConf.to_container(config, resolve=False))
        return super()._merge_and_resolve(key, config_per_file)

    def environments(self) -> list[str]:
        """Names of the folders that name their data by a globals.yml, less the one on which all are laid."""
        files = self._fs.glob(f"{self._get_conf_env_path('*')}/globals.yml")
        return sorted({Path(str(file)).parent.name for file in files} - {self.base_env})


class _LocalFiles(LocalFileSystem):
    """Takes the path of the folder as it is, whatever signs of patterns it holds; only what is below is a pattern."""

    cachable = False

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = Path(folder).as_posix()

    def glob(self, path: str, **options: Any) -> list[str]:
        """The files below the folder that match."""
        pattern = re.compile(glob_translate(path.removeprefix(f"{self._folder}/")))
        return [file for file in self.find(self._folder) if pattern.match(os.path.relpath(file, self._folder))]


def check_name(subject: str, name: str | None) -> None:
    """Refuse, as a ConfigurationError, an environment that would lead out of the folders of environments."""
    if name is not None and not _NAME.fullmatch(str(name)):
        raise ConfigurationError(
            subject,
            expected="a name of letters, digits, -, _ and .",
            received=repr(name),
            remedy="Name a folder of conf, such as smoke.",
        )


def check_literal(subject: str, values: Any) -> None:
    """Refuse, as a ConfigurationError, what OmegaConf would fill in: the value of a variable of the environment, say,
    which MLflow would then show."""
    for key, text in _texts(values):
        if _INTERPOLATION in text:
            raise ConfigurationError(
                f"{key} of {subject}",
                expected="the value itself, since it is recorded, and DVC sees no other",
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
    for folder in (configuration, *(configuration / name for name in environments if name)):
        if folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK):
            raise ConfigurationError(
                str(folder),
                expected="a folder that may be read and entered",
                received="no right to",
                remedy="Give the right to read and enter it (chmod u+rx).",
            )
