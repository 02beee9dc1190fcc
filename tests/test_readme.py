"""The README's commands exist, with the options, environments, parameters and files that it gives them."""

import re
import shlex
import tomllib
from importlib.metadata import entry_points
from itertools import chain, dropwhile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from ganops.cli import cli
from ganops.tracking.parameters import GROUPS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```console\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
COMMANDS = [line.removeprefix("$ ") for block in BLOCKS for line in block.splitlines()]
ENVIRONMENTS = {path.parent.name for path in ROOT.glob("conf/*/globals.yml")} - {"base"}


def commands(tool: str) -> list[list[str]]:
    """The arguments of each command of the README that starts `tool`; leading VARIABLE=value are left out."""
    words = [shlex.split(command) for command in COMMANDS]
    calls = [list(dropwhile(lambda word: "=" in word, line)) for line in words]
    return [call[1:] for call in calls if call[0] == tool]


def test_every_command_is_examined_by_a_test_here() -> None:
    examined = sum(len(commands(tool)) for tool in ("make", "kedro", "dvc", "mlflow", "curl"))
    assert examined == len(COMMANDS) >= 15


@pytest.mark.parametrize("arguments", commands("make"), ids=" ".join)
def test_make(arguments: list[str]) -> None:
    (targets,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert arguments[0] in targets.split()


@pytest.mark.parametrize("arguments", commands("kedro"), ids=" ".join)
def test_kedro(arguments: list[str]) -> None:
    match arguments:
        case ["viz", "run"]:
            assert any("kedro_viz" in point.value for point in entry_points(group="kedro.global_commands"))
        case ["dvc", name, *options]:
            cli.commands["dvc"].commands[name].make_context(name, options)  # type: ignore[reportAttributeAccessIssue]
        case [name, *options]:
            parsed = cli.commands[name].make_context(name, options).params
            assert {parsed.get("env") or "mnist_5k"} <= ENVIRONMENTS
            examine_run(parsed) if name == "run" else examine_model(parsed["model"])


def examine_run(parsed: dict) -> None:
    for group, values in (parsed["params"] or {}).items():
        base = yaml.safe_load((ROOT / "conf" / "base" / f"parameters_{group}.yml").read_text())[group]
        GROUPS[group].parse(base | values)
    for pipeline in parsed["pipelines"] or ():
        assert (ROOT / "src" / "ganops" / "pipelines" / pipeline / "pipeline.py").is_file()
    sources = "".join(path.read_text() for path in ROOT.glob("src/ganops/pipelines/*/pipeline.py"))
    for node in parsed["from_nodes"] or ():
        assert re.search(rf"\b{node}\b", sources)


def examine_model(uri: str) -> None:
    assert uri in {f"models:/ganops-{environment}@champion" for environment in ENVIRONMENTS}


@pytest.mark.parametrize("arguments", commands("dvc"), ids=" ".join)
def test_dvc(arguments: list[str]) -> None:
    from dvc.cli.parser import get_main_parser

    parsed = get_main_parser().parse_args(arguments)
    for change in getattr(parsed, "set_param", None) or ():
        file, _, assignment = change.partition(":")
        node = yaml.safe_load((ROOT / file).read_text())
        for key in assignment.partition("=")[0].split("."):
            node = node[key]


@pytest.mark.parametrize("arguments", commands("mlflow"), ids=" ".join)
def test_mlflow(arguments: list[str]) -> None:
    from mlflow.models.cli import commands as models

    group, name, *options = arguments
    assert group == "models"
    examine_model(models.commands[name].make_context(name, options).params["model_uri"])


@pytest.mark.parametrize("arguments", commands("curl"), ids=" ".join)
def test_curl_asks_what_the_server_understands(arguments: list[str]) -> None:
    from ganops.sampling import GenerationRequest

    body = yaml.safe_load(arguments[arguments.index("-d") + 1])
    assert [GenerationRequest(**request).seed for request in body["inputs"]] == [7]
    ports = re.findall(r"kedro serve .*--port (\d+)|mlflow models serve .*-p (\d+)", README)
    assert {"".join(found) for found in ports} == {arguments[0].removeprefix("localhost:").partition("/")[0]}
    assert arguments[0].endswith("/invocations")


def test_every_dependency_has_its_reason_and_every_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    reasons = README.partition("## What it stands on")[2]
    table = re.findall(r"^\| `([a-z0-9-]+)` \| \S.*\|$", reasons, flags=re.MULTILINE)
    assert table == [Requirement(text).name for text in declared]


def test_what_it_links_to_is_there() -> None:
    links = re.findall(r"\]\(([^):]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_module_of_the_tree_is_there() -> None:
    (tree,) = re.findall(r"^src/ganops/\n(.*?)^tests/", README, flags=re.MULTILINE | re.DOTALL)
    names = re.findall(r"(?<![\w/])[a-z_/]+(?:/|\.py)(?=[ ])", tree)
    assert len(names) >= 10
    assert [name for name in names if not (ROOT / "src" / "ganops" / name).exists()] == []
