"""The example of docs/own_game.md: a game of one's own is added by its folder alone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .projects import ROOT

EXAMPLE = ROOT / "docs" / "own_game"
PACKAGE = Path("src/ganops/own_games/began")


def test_the_example_has_fewer_than_80_lines() -> None:
    lines = [line for file in EXAMPLE.glob("*.py") for line in file.read_text(encoding="utf-8").splitlines()]
    assert len([line for line in lines if line.strip()]) < 80


def run_python(source: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(source)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the sources with the example among them."""
    source = tmp_path_factory.mktemp("own") / "src"
    shutil.copytree(ROOT / "src" / "ganops", source / "ganops", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(EXAMPLE, source.parent / PACKAGE)
    return source


def test_the_example_passes_the_conformance_suite(source: Path) -> None:
    """Exact resume after SIGKILL, shards, bundle and request among it."""
    result = run_python(
        source, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/games/test_conformance.py", "-k", "began"
    )
    assert result.returncode == 0, result.stdout
    assert "failed" not in result.stdout and " passed" in result.stdout


AGAIN = "from ganops.own_games.began.recipe import RECIPES, SETTINGS\n"
SAME_KEY = """
from typing import Literal
from ganops.own_games.began.recipe import RECIPES, BeganSettings

class SETTINGS(BeganSettings):
    kind: Literal["other"] = "other"
    coverage: int = 2
"""
FAULTS = {
    "nothing in it": ("", "own_games.other.recipe: expected a module with the names SETTINGS and RECIPES, received no"),
    "an import": ("import nothing_of_this_name\n", "received No module named 'nothing_of_this_name'"),
    "a kind that is taken": (AGAIN, "a kind that no other game has, received 'began'"),
    "a key of another game": (
        SAME_KEY,
        "training.game.coverage, of SETTINGS: expected the same values as of",
    ),
}


@pytest.mark.parametrize(("recipe", "message"), FAULTS.values(), ids=FAULTS)
def test_a_folder_that_is_no_game_of_its_own_is_named(source: Path, recipe: str, message: str) -> None:
    other = source / "ganops" / "own_games" / "other"
    other.mkdir()
    (other / "__init__.py").touch()
    (other / "recipe.py").write_text(recipe, encoding="utf-8")
    result = run_python(source, "-c", "import ganops.training_config")
    shutil.rmtree(other)
    assert result.returncode != 0 and message in result.stderr, result.stderr


def test_an_own_game_takes_no_recipe_s_name(source: Path) -> None:
    other = source / "ganops" / "own_games" / "other"
    other.mkdir()
    (other / "__init__.py").touch()
    again = (
        "from typing import Literal\nfrom ganops.own_games.began.recipe import RECIPES, BeganSettings\n"
        "class SETTINGS(BeganSettings):\n    kind: Literal['other'] = 'other'\n"
    )
    (other / "recipe.py").write_text(again, encoding="utf-8")
    result = run_python(source, "-c", "import ganops.games.recipes")
    shutil.rmtree(other)
    assert (
        result.returncode != 0 and "ganops.own_games.other.recipe.RECIPES" in result.stderr and "began" in result.stderr
    )
