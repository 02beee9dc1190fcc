"""Commands, parameters, paths, links and names in README.md, CONTRIBUTING.md and docs/ are those of the project."""

import ast
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from importlib.metadata import entry_points
from itertools import chain, dropwhile
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from packaging.requirements import Requirement

from ganops.cli import cli
from ganops.config import FeatureKind
from ganops.configuration.groups import GROUPS
from ganops.errors import ConfigurationError
from ganops.evaluation.paired import Pairing
from ganops.extractors.weights import SPEAKER_ENCODER
from ganops.games.build import build_game
from ganops.games.recipes import RECIPES
from ganops.games.request import CompletionRequest, LatentRequest
from ganops.registry.gate import METRICS
from ganops.reporting.views import FIELD_VIEWS

from .parameters import images, resolve_settings

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "ganops"
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md")))
}
README = PAGES["README.md"]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
ENVIRONMENTS = {path.parent.name for path in ROOT.glob("conf/*/globals.yml")} - {"base"}
CATALOG = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("conf/base/catalog_*.yml"))
INLINE_TOOLS = ("make ", "kedro ", "dvc ")


def console_commands(text: str) -> list[str]:
    blocks = re.findall(r"^```console\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]


def inline_code(text: str) -> list[str]:
    without_blocks = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", without_blocks)]


def all_commands() -> list[str]:
    texts = (*PAGES.values(), CHANGELOG)
    inline = [code for text in texts for code in inline_code(text) if code.startswith(INLINE_TOOLS)]
    return list(dict.fromkeys(chain(*map(console_commands, texts), inline)))


def commands(tool: str) -> list[list[str]]:
    """Return the arguments of each command that starts `tool`; leading VARIABLE=value are left out."""
    words = [shlex.split(command) for command in all_commands()]
    calls = [list(dropwhile(lambda word: "=" in word, line)) for line in words]
    return [call[1:] for call in calls if call[0] == tool]


def read_parameters(group: str, environment: str) -> dict[str, Any]:
    """Return the group's parameters of an environment, as Kedro merges them over conf/base."""
    files = [ROOT / "conf" / folder / f"parameters_{group}.yml" for folder in ("base", environment)]
    base, overlay = (yaml.safe_load(file.read_text(encoding="utf-8"))[group] for file in files)
    return merge(base, overlay)


def merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    nested = {key: merge(base[key], value) for key, value in changes.items() if isinstance(base.get(key), dict)}
    return {**base, **changes, **nested}


def test_every_command_is_examined_by_a_test_here() -> None:
    tools = ("make", "kedro", "dvc", "mlflow", "curl", "python", "pip", "torchrun", "git", "pre-commit", "pytest")
    shell = ("source", "cp")
    examined = sum(len(commands(tool)) for tool in (*tools, *shell))
    assert examined == len(all_commands()) >= 50


@pytest.mark.parametrize("arguments", commands("make"), ids=" ".join)
def test_make(arguments: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (targets,) = re.findall(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)
    target, *variables = arguments
    assert target in targets.split()
    assert [word for word in variables if f"$({word.partition('=')[0]}" not in makefile] == []


@pytest.mark.parametrize("arguments", commands("kedro"), ids=" ".join)
def test_kedro(arguments: list[str]) -> None:
    match arguments:
        case ["viz", "run"]:
            assert any("kedro_viz" in point.value for point in entry_points(group="kedro.global_commands"))
        case ["package"]:
            from kedro.framework.cli.project import package

            assert package.name == "package"
        case ["dvc", name, *options]:
            cli.commands["dvc"].commands[name].make_context(name, options)  # type: ignore[reportAttributeAccessIssue]
        case ["dvc" | "generate" | "serve" as name]:
            assert name in cli.commands
        case [name, *options]:
            examine_kedro(name, options)


def examine_kedro(name: str, options: list[str]) -> None:
    # The user's own pictures and folders, named in capitals: any picture and any folder stands for them.
    own = {r"[A-Z]+\.png": ROOT / "docs" / "mnist_5k.png", r"[A-Z]+S": ROOT / "docs"}
    present = [next((str(path) for name, path in own.items() if re.fullmatch(name, word)), word) for word in options]
    parsed = cli.commands[name].make_context(name, present).params
    environment = parsed.get("env") or "mnist_5k"
    assert environment in {*ENVIRONMENTS, "NAME"}
    if name in ("run", "train"):
        examine_run(parsed, environment if environment != "NAME" else "image_folder")
    else:
        examine_model(parsed["model"])


def examine_run(parsed: dict, environment: str) -> None:
    for group, values in (parsed["params"] or {}).items():
        GROUPS[group].parse(merge(read_parameters(group, environment), values))
    for pipeline in parsed.get("pipelines") or ():
        assert (PACKAGE / "pipelines" / pipeline / "pipeline.py").is_file()
    sources = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.glob("pipelines/*/pipeline.py"))
    for node in (*(parsed.get("from_nodes") or ()), *(parsed.get("node_names") or ())):
        assert re.search(rf"name=\"{node}\"", sources)


def examine_model(address: str) -> None:
    registered = {f"models:/ganops-{environment}" for environment in ENVIRONMENTS}
    bundles = {f"data/06_models/{environment}/bundle" for environment in ENVIRONMENTS}
    name = re.sub(r"@(champion|challenger|previous)$|(?<=\w)/\d+$", "", address)
    assert name in registered | bundles


@pytest.mark.parametrize("arguments", commands("dvc"), ids=" ".join)
def test_dvc(arguments: list[str]) -> None:
    from dvc.cli.parser import get_main_parser

    parsed = get_main_parser().parse_args(arguments)
    for change in getattr(parsed, "set_param", None) or ():
        file, _, assignment = change.partition(":")
        node = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))
        for key in assignment.partition("=")[0].split("."):
            node = node[key]


@pytest.mark.parametrize("arguments", commands("torchrun"), ids=" ".join)
def test_torchrun(arguments: list[str]) -> None:
    from torch.distributed.run import get_args_parser

    parsed = get_args_parser().parse_args(arguments)
    assert (parsed.module, parsed.training_script) == (True, "kedro")
    name, *options = parsed.training_script_args
    assert name == "train"
    examine_kedro(name, options)


@pytest.mark.parametrize("arguments", commands("mlflow"), ids=" ".join)
def test_mlflow(arguments: list[str]) -> None:
    from mlflow.models.cli import commands as models

    group, name, *options = arguments
    assert group == "models"
    examine_model(models.commands[name].make_context(name, options).params["model_uri"])


@pytest.mark.parametrize("arguments", commands("curl"), ids=" ".join)
def test_curl_sends_a_request_that_the_server_accepts(arguments: list[str]) -> None:
    body = yaml.safe_load(arguments[arguments.index("-d") + 1])
    assert set(body) == {"inputs"}
    assert [LatentRequest(**request).seed for request in body["inputs"]] == [7]
    pages = "\n".join(PAGES.values())
    ports = re.findall(r"kedro serve .*--port (\d+)|mlflow models serve .*-p (\d+)", pages)
    assert {"".join(found) for found in ports} == {arguments[0].removeprefix("localhost:").partition("/")[0]}
    assert arguments[0].endswith("/invocations")


def test_the_requests_on_the_pages_are_valid() -> None:
    blocks = re.findall(r"^```json\n(.*?)^```", "\n".join(PAGES.values()), flags=re.DOTALL | re.MULTILINE)
    requests = [CompletionRequest(**request) for block in blocks for request in json.loads(block)["inputs"]]
    assert [request.model_fields_set for request in requests] == [{"image", "mask"}]


@pytest.mark.parametrize("arguments", commands("python"), ids=" ".join)
def test_python(arguments: list[str]) -> None:
    match arguments:
        case ["-c", code]:
            examine_code(ast.parse(code))
        case ["-m", "ganops", *options]:
            known = {name for option in cli.commands["run"].params for name in option.opts}
            assert [word for word in options if word.startswith("--") and word not in known] == []
        case _:
            raise AssertionError(arguments)


def examine_code(code: ast.Module) -> None:
    """Check that the imported names exist, and that the methods called are methods of one of them."""
    imports = [node for node in ast.walk(code) if isinstance(node, ast.ImportFrom)]
    assert imports
    found = [getattr(__import__(str(node.module)), name.name) for node in imports for name in node.names]
    methods = [
        node.func.attr for node in ast.walk(code) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    assert [name for name in methods if not any(hasattr(one, name) for one in found)] == []


@pytest.mark.parametrize("arguments", commands("pip"), ids=" ".join)
def test_pip_installs_an_extra_that_exists(arguments: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    if arguments == ["install", "--no-deps", "resemblyzer"]:
        assert "--no-deps resemblyzer" in SPEAKER_ENCODER.remedy
        return
    install, requirement = arguments
    parsed = Requirement(requirement)
    assert (install, parsed.name) == ("install", project["name"])
    assert parsed.extras and parsed.extras <= set(project["optional-dependencies"])


def test_other_tools_are_called_in_the_ways_known_here() -> None:
    assert all((ROOT / name).is_file() for name in (".pre-commit-config.yaml", "dvc.lock"))
    assert commands("pre-commit") == [["install"]]
    assert sorted(commands("git")) == [["add", "src/ganops/own_games/began"], ["checkout", "COMMIT"]]
    assert commands("cp") == [["-r", "docs/own_game", "src/ganops/own_games/began"]]
    assert commands("pytest") == [["tests/games/test_conformance.py", "-k", "began"]]
    assert commands("source") == [[".venv/bin/activate"]]


PARAMETERS = [
    (page, code)
    for page, text in PAGES.items()
    for code in inline_code(text)
    if re.fullmatch(r"(data_preparation|training|evaluation|comparison|registration)(\.\w+)+(=\S+)?", code)
]


@pytest.mark.parametrize(("page", "code"), dict.fromkeys(PARAMETERS))
def test_every_named_parameter_exists(page: str, code: str) -> None:
    key, equals, value = code.partition("=")
    group, *names = key.split(".")
    # A source of pictures takes every key of data_preparation.
    base = read_parameters(group, "image_folder")
    assert is_key(names, base) or equals or accepts(group, base, names, None), f"{page}: {code}"
    assert not equals or accepts(group, base, names, yaml.safe_load(value)), f"{page}: {code}"


def is_key(names: list[str], parameters: Any) -> bool:
    for name in names:
        if not isinstance(parameters, dict) or name not in parameters:
            return False
        parameters = parameters[name]
    return True


def accepts(group: str, base: dict[str, Any], names: list[str], value: Any) -> bool:
    """Return whether the group's parameters can be set to this value, as by --params."""
    for name in reversed(names):
        value = {name: value}
    try:
        GROUPS[group].parse(merge(base, value))
    except ConfigurationError:
        return False
    return True


def test_a_parameter_that_does_not_exist_is_refused() -> None:
    base = read_parameters("training", "mnist_5k")
    assert is_key(["recipe"], base) and not is_key(["recipes"], base) and not is_key(["recipe", "name"], base)
    assert accepts("training", base, ["seed"], 1) and not accepts("training", base, ["sead"], None)


def test_the_search_finds_the_parameters() -> None:
    assert len(set(PARAMETERS)) >= 20


def paths_of(page: str) -> Iterator[str]:
    """Yield what looks like a path of the project: with a slash or a suffix, and no placeholder."""
    for code in inline_code(PAGES[page]):
        path = code.partition(": ")[0]
        if "NAME" in path or path.startswith(USERS_OWN):
            continue
        if re.fullmatch(r"[\w.][\w.*-]*(/[\w.*-]+)+/?|[\w-]+\.(py|yml|md|toml|json|lock|png|gif)", path):
            yield path


SUFFIXES = {
    "nearest_neighbours": ("png", "csv"),
    "animation": ("gif",),
    "players": ("html",),
    "temperatures": ("png", "csv"),
    "masks": ("zip",),
    "with_holes": ("zip",),
}
VIEW_FILES = {
    f"{name}.{suffix}"
    for views in FIELD_VIEWS.values()
    for name in views.views
    for suffix in SUFFIXES.get(name, ("png",))
}


def exists(path: str) -> bool:
    """Return whether the repository or the package has this file, or the catalog or a view produces it."""
    if any(any(root.glob(path)) for root in (ROOT, PACKAGE, *ROOT.glob("conf/*"))):
        return True
    produced = re.sub(rf"^(data/\d\d_\w+)/({'|'.join(ENVIRONMENTS)})\b", r"\1/${globals:environment}", path)
    if "/" not in path:
        return f"/{path}\n" in f"{CATALOG}\n" or path in VIEW_FILES
    return produced.startswith("data/") and produced.rstrip("/") in CATALOG


@pytest.mark.parametrize("page", PAGES)
def test_every_named_path_exists(page: str) -> None:
    assert [path for path in paths_of(page) if not exists(path)] == []


def test_the_search_finds_the_paths_and_misses_none() -> None:
    assert len([*paths_of("CONTRIBUTING.md")]) >= 60
    assert exists("training/step.py") and exists("data/06_models/mnist_5k/bundle/") and exists("curves.png")
    assert not exists("training/steps.py") and not exists("data/06_models/mnist_5k/model/") and not exists("curve.png")


# Raw data, which the user supplies; and a media type.
USERS_OWN = ("data/01_raw/", "application/")
SYMBOLS = [code for text in PAGES.values() for code in inline_code(text) if re.fullmatch(r"[\w/]+\.py: [\w.]+", code)]


def definitions(file: Path) -> set[str]:
    """Return the names that a module defines, and `Class.member` of its classes."""
    found = set[str]()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        names = {
            defined.id
            for defined in ast.walk(node)
            if isinstance(defined, ast.Name) and isinstance(defined.ctx, ast.Store)
        }
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = {node.name}
        if isinstance(node, ast.ClassDef):
            members = [member.name for member in node.body if isinstance(member, ast.FunctionDef)]
            names |= {f"{node.name}.{member}" for member in members}
        found |= names
    return found


@pytest.mark.parametrize("symbol", dict.fromkeys(SYMBOLS))
def test_every_named_function_exists(symbol: str) -> None:
    file, _, name = symbol.partition(": ")
    assert name in definitions(PACKAGE / file)


def test_the_table_of_where_to_look_names_functions() -> None:
    assert len(set(SYMBOLS)) >= 40


def slug(heading: str) -> str:
    """Return the anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^):]+)\)", PAGES[page]):
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert anchor in map(slug, headings), target


def test_the_readme_links_each_page_once() -> None:
    targets = re.findall(r"\]\(([^):#]+)[^)]*\)", README)
    pages = [page for page in PAGES if page != "README.md"]
    assert {page: targets.count(page) for page in pages} == dict.fromkeys(pages, 1)


def table(text: str, heading: str) -> str:
    """Return the rows of the table whose heading row begins with `heading`."""
    (rows,) = re.findall(rf"^\| {re.escape(heading)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, flags=re.MULTILINE)
    return rows


def first_column(text: str, heading: str) -> list[str]:
    """Return the code in the first column of the table whose heading row begins with `heading`."""
    return re.findall(r"^\| `([^`]+)`", table(text, heading), flags=re.MULTILINE)


def test_the_tables_are_complete() -> None:
    recipes = PAGES["docs/recipes.md"]
    evaluation = PAGES["docs/evaluation.md"]
    assert sorted(first_column(README, "recipe | what it is")) == sorted(RECIPES)
    assert sorted(first_column(recipes, "recipe")) == sorted(RECIPES)
    assert sorted(first_column(README, "features")) == sorted(get_args(FeatureKind))
    assert sorted(first_column(evaluation, "`evaluation.features`")) == sorted(get_args(FeatureKind))
    assert sorted(first_column(evaluation, "metric")) == sorted({*chain(*METRICS.values())})
    assert {*re.findall(r"`([a-z_]+\.[a-z]+)`", table(evaluation, "view"))} == VIEW_FILES


@pytest.mark.parametrize("recipe", ["completion", "pix2pix"])
def test_the_table_of_paired_metrics_is_complete(recipe: str) -> None:
    pairing = Pairing.of(build_game(resolve_settings(recipe, images(1, 28, 28))))
    assert pairing is not None
    rows = table(PAGES["docs/evaluation.md"], f"paired metric of `{recipe}`, baseline")
    first_cells = re.findall(r"^\|([^|]*)\|", rows, re.MULTILINE)
    assert re.findall(r"`(\w+)`", " ".join(first_cells)) == [
        *pairing.metrics,
        *(f"{name}_{baseline}" for baseline in pairing.baselines for name in (*pairing.metrics, "fid")),
    ]


def test_every_environment_has_its_row() -> None:
    (table,) = re.findall(r"^## Environments\n(.*?)^## ", PAGES["docs/data.md"], flags=re.MULTILINE | re.DOTALL)
    named = set(inline_code(table))
    assert {environment for environment in ENVIRONMENTS if environment not in named} == set()


def test_the_new_names_of_the_changelog_are_in_use() -> None:
    files = [*PACKAGE.rglob("*.py"), *ROOT.glob("conf/**/*.yml")]
    source = "\n".join(path.relative_to(ROOT).as_posix() + path.read_text(encoding="utf-8") for path in files)
    rows = re.findall(
        r"^\|(.*)\|(.*)\|$", CHANGELOG.partition("### Renamed")[2].partition("### To make")[0], re.MULTILINE
    )
    names = [name for _, now in rows for code in inline_code(now) for name in re.findall(r"[a-z][a-z_0-9]{2,}", code)]
    names = [name.removesuffix("_classifier") for name in names if name not in ("features", "dataset", "ganops")]
    assert len(names) >= 20
    assert [name for name in names if not re.search(rf"(?<![a-z_]){name.rstrip('_')}", source)] == []


def test_every_dependency_has_its_reason_and_every_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    assert first_column(README, "package") == [Requirement(text).name for text in declared]


def test_the_licence_is_the_declared_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (project["license"], project["license-files"]) == ("Apache-2.0", ["LICENSE"])
    title, version = (ROOT / "LICENSE").read_text(encoding="utf-8").split("\n", 2)[:2]
    assert (title.strip(), version.strip()) == ("Apache License", "Version 2.0, January 2004")


def test_every_module_of_the_tree_is_there() -> None:
    (tree,) = re.findall(r"^src/ganops/\n(.*?)^tests/", README, flags=re.MULTILINE | re.DOTALL)
    names = re.findall(r"(?<![\w/])[a-z_/]+(?:/|\.py)(?=[ ])", tree)
    assert len(names) >= 10
    assert [name for name in names if not (PACKAGE / name).exists()] == []
