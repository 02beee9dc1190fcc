"""dvc.yaml, derived from the pipelines and the catalog: one Kedro pipeline is one stage of DVC.

What a stage depends on:

- the persisted datasets that the pipeline reads and does not make;
- the code that its bytes come from: everything that its node modules and its datasets' classes reach by imports. It is
  listed by package folder (src/ganops/data) so that a new file needs no new dvc.yaml. Three folders are collections of
  things that do not know each other, and are listed member by member: `pipelines`, `kedro_datasets`, and `reporting`,
  whose pictures and tables change often, which is no reason to train again. The parts in `sources.SILENT` are left
  out, because they can change no output: `tracking` only records, and the messages of `errors` end a run. `registry`
  is reached by registration alone, and there it belongs, since it makes the receipt;
- its parameters: the top-level keys in conf/base that its nodes ask for, and the files of the same names in the
  environment's folder, whole, because an environment may add any key.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from kedro.pipeline import Pipeline

from ganops.code_digest import SILENT
from ganops.dvc_stages.catalog import Entry, read_catalog, wrong_role
from ganops.dvc_stages.imports import reached_files
from ganops.errors import StageError

ENVIRONMENT_FILE = "conf/dvc.yml"
_LIBRARIES = "requirements.lock"
_COLLECTIONS = ("pipelines", "kedro_datasets", "reporting")
_SECTIONS = {"out": "outs", "metric": "metrics", "plot": "plots"}


def derive(root: Path, package: str, pipelines: Mapping[str, Pipeline]) -> dict[str, Any]:
    """The content of dvc.yaml.

    Args:
        root: the project, with conf/base and src/<package> below it.
        package: the name of the project's package.
        pipelines: those of the registry; the parts of `__default__` are stages, others are for the command line.

    Raises:
        StageError: the catalog or the parameter files do not say what a stage needs.
    """
    entries = read_catalog(root / "conf" / "base")
    whole = set(pipelines["__default__"].nodes)
    named = {name: p for name, p in pipelines.items() if name != "__default__" and set(p.nodes) <= whole}
    stages = {name: _stage(root, package, name, pipeline, entries) for name, pipeline in named.items()}
    return {"vars": [ENVIRONMENT_FILE], "stages": stages}


def _stage(
    root: Path, package: str, name: str, pipeline: Pipeline, entries: Mapping[str, Entry]
) -> dict[str, list[Any] | str]:
    read = _entries(_datasets(pipeline.inputs()), entries)
    made = _entries(_datasets(pipeline.all_outputs()) & entries.keys(), entries)
    code = _code(root, package, pipeline, [*read, *made])
    stage: dict[str, list[Any] | str] = {
        "cmd": f"kedro run --env ${{env}} --pipelines {name}",
        "deps": sorted({entry.path for entry in read if entry.path} | code | _libraries(root)),
        "params": _parameters(root, pipeline),
    }
    _require_roles(made)
    for role, section in _SECTIONS.items():
        stage[section] = [_output(entry) for entry in made if entry.role == role]
    return {key: value for key, value in stage.items() if value}


def _libraries(root: Path) -> set[str]:
    # Another torch gives other bytes.
    return {_LIBRARIES} if (root / _LIBRARIES).is_file() else set()


def _require_roles(made: Iterable[Entry]) -> None:
    for entry in made:
        if not entry.role:
            raise wrong_role(entry.name, "nothing, though a pipeline makes it")


def _output(entry: Entry) -> str | dict[str, Any]:
    return {entry.path: dict(entry.plot)} if entry.plot else entry.path


def _entries(names: Iterable[str], entries: Mapping[str, Entry]) -> list[Entry]:
    missing = sorted(set(names) - entries.keys())
    if missing:
        raise StageError(
            missing[0],
            expected="a dataset of conf/base/catalog*.yml, since a pipeline reads it and does not make it",
            received="no such entry",
            remedy="Add it to the catalog, or correct the name in the pipeline.",
        )
    return sorted((entries[name] for name in names), key=lambda entry: entry.path)


def _datasets(names: Iterable[str]) -> set[str]:
    return {name for name in names if not _is_parameter(name)}


def _is_parameter(name: str) -> bool:
    return name == "parameters" or name.startswith("params:")


def _code(root: Path, package: str, pipeline: Pipeline, entries: Iterable[Entry]) -> set[str]:
    nodes = {node.func.__module__ for node in pipeline.nodes}
    datasets = {entry.type.rpartition(".")[0] for entry in entries if entry.type.startswith(package + ".")}
    hidden = frozenset(f"{package}.{name}" for name in SILENT)
    files = reached_files(sorted(nodes | datasets), root / "src", hidden)
    return {_folder(file.relative_to(root / "src")) for file in files}


def _folder(file: Path) -> str:
    """The package folder directly below the project's package, or the file where there is none."""
    depth = 3 if file.parts[1] in _COLLECTIONS else 2
    return (Path("src") / Path(*file.parts[:depth])).as_posix()


def _parameters(root: Path, pipeline: Pipeline) -> list[dict[str, list[str] | None]]:
    keys = {name.removeprefix("params:").split(".")[0] for name in pipeline.inputs() if _is_parameter(name)}
    files: dict[str, list[str]] = {}
    for key in sorted(keys):
        files.setdefault(_file_of_key(root, key), []).append(key)
    lines: list[dict[str, list[str] | None]] = []
    for file, found in sorted(files.items()):
        _require_in_every_environment(root, file, found[0])
        lines += [{f"conf/base/{file}": found}, {f"conf/${{env}}/{file}": None}]
    return lines


def _file_of_key(root: Path, key: str) -> str:
    for file in sorted((root / "conf" / "base").glob("parameters*.yml")):
        if key in _load(file):
            return file.name
    raise StageError(
        f"params:{key}",
        expected=f"a top-level key {key!r} in a conf/base/parameters*.yml",
        received="none",
        remedy="Add it, or correct the name in the pipeline. DVC cannot follow the node input `parameters`.",
    )


def _require_in_every_environment(root: Path, file: str, key: str) -> None:
    """DVC fails a stage whose parameters file is missing, and never takes one with an empty file from its run cache."""
    folders = sorted(path for path in (root / "conf").iterdir() if path.is_dir() and path.name not in ("base", "local"))
    for folder in folders:
        if not _load(folder / file):
            raise StageError(
                f"conf/{folder.name}/{file}",
                expected="every environment to have every parameters file, with a key in it",
                received="an empty file" if (folder / file).is_file() else "no file",
                remedy=f"Where nothing differs from conf/base, write into it: {key}: {{}}",
            )


def _load(file: Path) -> dict[str, Any]:
    return (yaml.safe_load(file.read_text(encoding="utf-8")) or {}) if file.is_file() else {}
