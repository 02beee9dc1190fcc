"""The notebooks look at the catalog and call the package; they define nothing and are committed without outputs."""

import ast
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

from ..projects import Project

NOTEBOOKS = FIRST_LOOK, COMPARISON = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
ids = [path.stem for path in NOTEBOOKS]


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(path: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Run it as committed, in the environment that KEDRO_ENV names; what its cells show, by kind."""
    for name, value in (project.environment | {"KEDRO_ENV": "smoke"}).items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(project.path / "notebooks")}}).execute()
    shown = [output.get("data", {}) for cell in code_cells(notebook) for output in cell.outputs]
    return {kind: [data[kind] for data in shown if kind in data] for kind in ("image/png", "text/html")}


def test_the_first_look_shows_tables_and_pictures(finished_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = outputs(FIRST_LOOK, finished_project, monkeypatch)
    assert shown["image/png"] and shown["text/html"]


def test_the_comparison_shows_both_runs(own_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    again = ["--env", "smoke", "--pipelines", "training,evaluation", "--params", "training.recipe=vae"]
    own_project.call_well("kedro", "run", *again)
    shown = outputs(COMPARISON, own_project, monkeypatch)
    *_, table, _, chosen = shown["text/html"]
    names = [str(run.info.run_name) for run in own_project.runs()]
    assert sorted(name[:3] for name in names) == ["dcg", "vae"]
    assert all(name in table and name in chosen for name in names)
    one, beside = own_project.produced("08_reporting", "samples.png").read_bytes(), b64decode(shown["image/png"][-1])
    widths = [Image.open(BytesIO(picture)).width for picture in (one, beside)]
    assert widths[1] > 2 * widths[0]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_a_notebook_defines_nothing_and_holds_no_outputs(path: Path) -> None:
    cells = code_cells(nbformat.read(path, as_version=4))
    source = "\n".join(line for cell in cells for line in cell.source.splitlines() if not line.startswith("%"))
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert [node for node in ast.walk(ast.parse(source)) if isinstance(node, defined)] == []
    assert [cell for cell in cells if cell.outputs or cell.execution_count] == []
