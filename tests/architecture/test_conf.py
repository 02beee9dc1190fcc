"""Environments are data sets: each has every parameters file and its own name; few have a recipe."""

from pathlib import Path

import pytest
import yaml

from ganops.config import SOURCE_FIELDS
from ganops.games.recipes import RECIPES
from ganops.pipeline_registry import register_pipelines

CONF = Path(__file__).parents[2] / "conf"
BASE_FILES = sorted(path.name for path in (CONF / "base").glob("parameters_*.yml"))
ENVIRONMENTS = sorted(path.name for path in CONF.iterdir() if path.is_dir() and path.name not in ("base", "local"))
BUDGET = {"total_images", "log_every_images", "sample_every_images", "checkpoint_every_images", "snapshot_every_images"}
BUDGET |= {"device", "threads"}
# Properties of the data: whether a mirrored picture is one of the same kind, and whether its classes may be given.
OF_DATA = {"mirror", "conditional"}


every_parameters_file = pytest.mark.parametrize(
    "path", sorted(CONF.glob("*/parameters_*.yml")), ids=lambda path: f"{path.parent.name}/{path.name}"
)


def read(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def test_there_is_a_parameters_file_for_whatever_the_pipelines_read() -> None:
    read_by_all = {name for pipeline in register_pipelines().values() for name in pipeline.inputs()}
    groups = {name.removeprefix("params:") for name in read_by_all if name.startswith("params:")}
    assert {f"parameters_{name}.yml" for name in groups} == set(BASE_FILES)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_has_every_parameters_file(environment: str) -> None:
    """DVC tracks them whole: one that is missing fails the stage."""
    assert sorted(path.name for path in (CONF / environment).glob("parameters_*.yml")) == BASE_FILES


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_knows_its_name(environment: str) -> None:
    assert read(CONF / environment / "globals.yml") == {"environment": environment}


def test_base_is_the_default_data_set() -> None:
    default = read(CONF / "base" / "globals.yml")["environment"]
    assert default in ENVIRONMENTS
    assert read(CONF / "dvc.yml") == {"env": default}
    assert [name for name in BASE_FILES if any(read(CONF / default / name).values())] == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_sets_budget_and_properties_of_the_data_and_nothing_else_of_training(environment: str) -> None:
    training = read(CONF / environment / "parameters_training.yml").get("training", {})
    assert set(training) <= BUDGET | OF_DATA | ({"recipe"} if needs_another_recipe(environment) else set())


def needs_another_recipe(environment: str) -> bool:
    """Return whether the recipe of conf/base is not for the data of the environment."""
    base = read(CONF / "base" / "parameters_data_preparation.yml")["data_preparation"]
    preparation = read(CONF / environment / "parameters_data_preparation.yml").get("data_preparation", {})
    recipe = RECIPES[read(CONF / "base" / "parameters_training.yml")["training"]["recipe"]]
    source = preparation.get("source", base["source"])
    return SOURCE_FIELDS[source] not in {recipe.field, *recipe.for_fields}


@pytest.mark.parametrize(
    "path", sorted(CONF.glob("*/parameters_*.yml")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_parameters_are_literal(path: Path) -> None:
    """DVC compares the text: an interpolation would hide a changed value from it."""
    assert "${" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path", sorted(CONF.glob("*/parameters_*.yml")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_a_parameters_file_holds_the_key_of_its_pipeline_alone(path: Path) -> None:
    assert set(read(path)) <= {path.stem.removeprefix("parameters_")}


def test_every_path_of_the_catalog_carries_the_environment() -> None:
    files = (CONF / "base").glob("catalog*.yml")
    entries = {name: entry for path in files for name, entry in read(path).items()}
    paths = {name: entry.get("filepath") or entry.get("path") for name, entry in entries.items() if name[0] != "_"}
    written = {name: path for name, path in paths.items() if path is not None}
    assert len(written) >= 15
    for name, path in written.items():
        assert "/${globals:environment}" in path or path == "${root:}/.checkpoints", name


def test_paths_stand_in_the_catalog_alone() -> None:
    layers = [f"data/0{number}_" for number in range(1, 9)]
    source = CONF.parent / "src"
    named = [path.name for path in source.rglob("*.py") if any(layer in path.read_text() for layer in layers)]
    assert named == []
