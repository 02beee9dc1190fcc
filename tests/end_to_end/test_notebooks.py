"""The notebooks look at the catalog and call the package; they define nothing and are committed without outputs."""

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from ..projects import Project

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
ids = [path.stem for path in NOTEBOOKS]


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_a_notebook_runs_and_shows_pictures(
    path: Path, finished_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As committed, in the environment that KEDRO_ENV names."""
    for name, value in (finished_project.environment | {"KEDRO_ENV": "smoke"}).items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(path, as_version=4)
    folder = finished_project.path / "notebooks"
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert any("text/html" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_a_notebook_defines_nothing_and_holds_no_outputs(path: Path) -> None:
    cells = code_cells(nbformat.read(path, as_version=4))
    source = "\n".join(line for cell in cells for line in cell.source.splitlines() if not line.startswith("%"))
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert [node for node in ast.walk(ast.parse(source)) if isinstance(node, defined)] == []
    assert [cell for cell in cells if cell.outputs or cell.execution_count] == []
