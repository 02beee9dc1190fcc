"""Budgets of size: a function or a file beyond them should be reconsidered. Tables of data do not count."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "ganops"
FILES = sorted(SOURCE.rglob("*.py"))
LINES_OF_A_FUNCTION = 60
LINES_OF_A_FILE = 400


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield name and number of lines of each function, with decorators and docstring."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield node.name, (node.end_lineno or first) - first + 1


def code_lines(text: str) -> int:
    """Return the number of lines without the tables, which are assignments at the top of a module."""
    tables = [node for node in ast.parse(text).body if isinstance(node, ast.Assign | ast.AnnAssign)]
    return len(text.splitlines()) - sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in tables)


def relative_name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


@pytest.mark.parametrize("path", FILES, ids=relative_name)
def test_no_function_is_too_long(path: Path) -> None:
    assert [(name, lines) for name, lines in functions(path) if lines > LINES_OF_A_FUNCTION] == []


@pytest.mark.parametrize("path", FILES, ids=relative_name)
def test_no_file_is_too_long(path: Path) -> None:
    assert code_lines(path.read_text(encoding="utf-8")) < LINES_OF_A_FILE


def test_packages_hold_nothing_in_their_init() -> None:
    assert [relative_name(path) for path in SOURCE.rglob("__init__.py") if path.read_text()] == []


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in FILES}
    assert [relative_name(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_lines_are_counted_with_decorators(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("@property\ndef f():\n    x = 1\n\n    return x\n\n\nasync def g(): ...\n")
    assert sorted(functions(tmp_path / "module.py")) == [("f", 5), ("g", 1)]
    assert code_lines("TABLE = {\n    1: 2,\n}\n\n\ndef f():\n    x = 1\n") == 4
