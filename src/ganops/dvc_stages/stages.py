"""Derive dvc.yaml from the pipelines and the catalog: one Kedro pipeline is one stage of DVC.

A stage depends on:

- the persisted datasets that the pipeline reads and does not make;
- the code that its bytes come from: the modules that its nodes and the classes of its datasets reach by imports. They
  are listed by the parts of `code_digest`, as packages (src/ganops/data), so that a new file needs no new dvc.yaml;
  the parts in `code_digest.LISTED_BY_MEMBER` are listed member by member. The parts in `code_digest.SILENT` are left
  out, because they cannot change an output: `tracking` only records, and the messages of `errors` end a run;
- its parameters: the top-level keys in conf/base that its nodes read, and the files of the same names in the
  environment's folder, whole, because an environment may add any key.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from kedro.pipeline import Pipeline

from ganops.code_digest import LISTED_BY_MEMBER, SILENT
from ganops.dvc_stages.catalog import Entry, read_catalog, unknown_role
from ganops.errors import StageError

if TYPE_CHECKING:
    from grimp import ImportGraph

ENVIRONMENT_FILE = "conf/dvc.yml"
_LIBRARIES = "requirements.lock"
# Found by their names at run time: `own`.
_OWN_GAMES = "own_games"
_SECTIONS = {"out": "outs", "metric": "metrics", "plot": "plots"}


def derive(root: Path, package: str, pipelines: Mapping[str, Pipeline]) -> dict[str, Any]:
    """Return the content of dvc.yaml.

    Args:
        root: the project, with conf/base and src/<package> below it.
        package: the name of the project's package, which can be imported.
        pipelines: those of the registry; the parts of `__default__` are stages, others are for the command line.

    Raises:
        StageError: the catalog or the parameter files do not state what a stage needs.
    """
    entries = read_catalog(root / "conf" / "base")
    graph = import_graph(package, SILENT)
    whole = set(pipelines["__default__"].nodes)
    named = {name: p for name, p in pipelines.items() if name != "__default__" and set(p.nodes) <= whole}
    stages = {name: _stage(root, graph, package, name, pipeline, entries) for name, pipeline in named.items()}
    return {"vars": [ENVIRONMENT_FILE], "stages": stages}


def import_graph(package: str, excluded: Iterable[str] = ()) -> "ImportGraph":
    """Read which module of a package imports which, from the text: no module is imported.

    Imports inside functions count, because nodes import heavy libraries and the domain there. Imports below
    `if TYPE_CHECKING:` do not, because they never run. Names that are computed at run time cannot be seen.

    Args:
        package: the package to read.
        excluded: parts of it that are left out, with all that only they reach.
    """
    import grimp

    graph = grimp.build_graph(package, exclude_type_checking_imports=True, cache_dir=None)
    for part in {f"{package}.{name}" for name in excluded} & graph.modules:
        for module in {part, *graph.find_descendants(part)}:
            graph.remove_module(module)
    own = f"{package}.{_OWN_GAMES}"
    for module in {own, *graph.find_descendants(own)} if own in graph.modules else ():
        graph.add_import(importer=f"{package}.own", imported=module)
    return graph


def reachable_modules(graph: "ImportGraph", starts: Iterable[str]) -> set[str]:
    """Return the modules `starts` and all that they import, directly or not.

    Raises:
        StageError: a start is no module of the graph's package.
    """
    reached: set[str] = set()
    for start in starts:
        if start not in graph.modules:
            raise StageError(
                f"The module {start} is not in the project's package",
                remedy="Define node functions and datasets in modules of the package, not in notebooks or __main__.",
            )
        reached |= {start, *graph.find_upstream_modules(start)}
    return reached


def _stage(
    root: Path, graph: "ImportGraph", package: str, name: str, pipeline: Pipeline, entries: Mapping[str, Entry]
) -> dict[str, list[Any] | str]:
    inputs = _select(_datasets(pipeline.inputs()), entries)
    outputs = _select(_datasets(pipeline.all_outputs()) & entries.keys(), entries)
    classes = {entry.type for entry in (*inputs, *outputs) if entry.type.startswith(f"{package}.")}
    starts = {node.func.__module__ for node in pipeline.nodes} | {name.rpartition(".")[0] for name in classes}
    reached = reachable_modules(graph, sorted(starts)) - {package}
    code = {_source_path(root, module) for module in reached}
    stage: dict[str, list[Any] | str] = {
        "cmd": f"kedro run --env ${{env}} --pipelines {name}",
        "deps": sorted({entry.path for entry in inputs if entry.path} | code | _libraries(root)),
        "params": _parameters(root, pipeline),
    }
    _check_roles(outputs)
    for role, section in _SECTIONS.items():
        stage[section] = [_output(entry) for entry in outputs if entry.role == role]
    return {key: value for key, value in stage.items() if value}


def _libraries(root: Path) -> set[str]:
    # Another torch gives other bytes.
    return {_LIBRARIES} if (root / _LIBRARIES).is_file() else set()


def _check_roles(outputs: Iterable[Entry]) -> None:
    for entry in outputs:
        if not entry.role:
            raise unknown_role(entry.name, "nothing, though a pipeline makes it")


def _output(entry: Entry) -> str | dict[str, Any]:
    return {entry.path: dict(entry.plot)} if entry.plot else entry.path


def _select(names: Iterable[str], entries: Mapping[str, Entry]) -> list[Entry]:
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


def _source_path(root: Path, module: str) -> str:
    """Return the path of the part that a module belongs to, or of the member of a part that is listed by member."""
    names = module.split(".")
    depth = 3 if names[1] in LISTED_BY_MEMBER else 2
    path = Path("src", *names[:depth])
    return (path if (root / path).is_dir() else path.with_suffix(".py")).as_posix()


def _parameters(root: Path, pipeline: Pipeline) -> list[dict[str, list[str] | None]]:
    keys = {name.removeprefix("params:").split(".")[0] for name in pipeline.inputs() if _is_parameter(name)}
    files: dict[str, list[str]] = {}
    for key in sorted(keys):
        files.setdefault(_file_of_key(root, key), []).append(key)
    lines: list[dict[str, list[str] | None]] = []
    for file, found in sorted(files.items()):
        _check_environments(root, file, found[0])
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


def _check_environments(root: Path, file: str, key: str) -> None:
    """Raise StageError where an environment lacks a parameters file, or has an empty one.

    DVC fails a stage whose parameters file is missing, and takes none with an empty file from its run cache.
    """
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
