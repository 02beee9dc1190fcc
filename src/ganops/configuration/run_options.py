"""Check the options of `kedro run` against the project, before anything is opened."""

import inspect
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from kedro.framework.project import pipelines
from kedro.pipeline import Pipeline
from kedro.utils import load_obj

from ganops.errors import ConfigurationError, suggest

_RUNNERS = ("SequentialRunner", "ParallelRunner", "ThreadRunner")
# Argument of Pipeline.filter → option of the command.
_FILTERS = {
    "tags": "tags",
    "from_nodes": "from_nodes",
    "to_nodes": "to_nodes",
    "node_names": "node_names",
    "from_inputs": "from_inputs",
    "to_outputs": "to_outputs",
    "node_namespaces": "namespaces",
}
_SPELLINGS = {"node_names": "--nodes"}


def check_selection(options: Mapping[str, Any]) -> None:
    """Check the options that select the nodes to run.

    Args:
        options: of the command, by the names of its parameters.

    Raises:
        ConfigurationError: an option names something unknown, or the options together leave no node.
    """
    chosen = [*options["pipelines"], *filter(None, [options["pipeline"]])]
    _check_known("--pipelines", chosen, [name for name in pipelines if name != "__default__"])
    selected = sum((pipelines[name] for name in chosen or ["__default__"]), start=Pipeline([]))
    for option, names in _names(selected).items():
        _check_known(_spell(option), options[option], names)
    _check_not_empty(selected, {name: options[option] for name, option in _FILTERS.items() if options[option]})


def _names(selected: Pipeline) -> dict[str, list[str]]:
    """Return the names that each option accepts."""
    nodes, datasets = [node.name for node in selected.nodes], sorted(selected.datasets())
    return {
        **dict.fromkeys(("from_nodes", "to_nodes", "node_names"), nodes),
        **dict.fromkeys(("from_inputs", "to_outputs"), datasets),
        "tags": sorted({tag for node in selected.nodes for tag in node.tags}),
        "namespaces": sorted({node.namespace for node in selected.nodes if node.namespace}),
    }


def check_runner(name: str, arguments: Mapping[str, Any]) -> None:
    """Raise ConfigurationError where the runner is unknown, or does not take the arguments."""
    try:
        runner = load_obj(name, "kedro.runner")
    except (AttributeError, ImportError, ValueError):
        raise _unknown("--runner", name, _RUNNERS) from None
    try:
        inspect.signature(runner).bind(**arguments)
    except TypeError:
        known = [argument for argument in inspect.signature(runner).parameters if argument != "is_async"]
        raise _unknown("--runner-params", ", ".join(arguments), known) from None


def _check_known(option: str, names: Iterable[str], known: Collection[str]) -> None:
    """Raise ConfigurationError, with the nearest name, where a name is unknown."""
    for name in names:
        if name not in known:
            raise _unknown(option, name, known)


def _unknown(option: str, name: str, known: Collection[str]) -> ConfigurationError:
    return ConfigurationError(
        option,
        expected="one of " + ", ".join(dict.fromkeys(known)) if known else "no value, since this project has none",
        received=repr(name),
        remedy=suggest(name, known, _remedy(option, known)),
    )


def _remedy(option: str, known: Collection[str]) -> str:
    return "Choose one of these; they belong to the pipelines that will run." if known else f"Leave {option} out."


def _check_not_empty(selected: Pipeline, filters: dict[str, Any]) -> None:
    try:
        selected.filter(**filters)
    except ValueError:
        spelled = ", ".join(_spell(_FILTERS[name]) for name in filters)
        raise ConfigurationError(
            spelled,
            expected="options that together leave at least one node",
            received="none",
            remedy="Leave one of them out. `kedro registry list` lists the pipelines, `kedro registry describe NAME` "
            "lists the nodes of one.",
        ) from None


def _spell(option: str) -> str:
    return _SPELLINGS.get(option, f"--{option.replace('_', '-')}")
