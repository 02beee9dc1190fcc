"""The notebooks look at the catalog and call the package; they define nothing and are committed without outputs."""

import ast
from base64 import b64decode
from collections.abc import Sequence
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


def outputs(path: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], Sequence[Image.Image]]:
    """Run it as committed, in the environment that KEDRO_ENV names; the tables and the pictures that its cells show."""
    for name, value in (project.environment | {"KEDRO_ENV": "smoke"}).items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(project.path / "notebooks")}}).execute()
    shown = [output.get("data", {}) for cell in code_cells(notebook) for output in cell.outputs]
    # Kedro's messages are HTML too.
    tables = [data["text/html"] for data in shown if 'class="dataframe"' in data.get("text/html", "")]
    pictures = [Image.open(BytesIO(b64decode(data["image/png"]))) for data in shown if "image/png" in data]
    return tables, pictures


def test_the_first_look_shows_tables_and_pictures(finished_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    tables, pictures = outputs(FIRST_LOOK, finished_project, monkeypatch)
    assert tables and pictures


def test_the_comparison_shows_both_runs(own_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    again = ["--env", "smoke", "--pipelines", "training,evaluation", "--params", "training.recipe=vae"]
    own_project.call_well("kedro", "run", *again)
    (table, _, chosen), (_, beside) = outputs(COMPARISON, own_project, monkeypatch)
    names = [str(run.info.run_name) for run in own_project.runs()]
    assert sorted(name[:3] for name in names) == ["ant", "vae"]
    assert all(name in table and name in chosen for name in names)
    with Image.open(own_project.produced("08_reporting", "views/samples.png")) as one:
        assert beside.width > 2 * one.width


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_a_notebook_defines_nothing_and_holds_no_outputs(path: Path) -> None:
    cells = code_cells(nbformat.read(path, as_version=4))
    source = "\n".join(line for cell in cells for line in cell.source.splitlines() if not line.startswith("%"))
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert [node for node in ast.walk(ast.parse(source)) if isinstance(node, defined)] == []
    assert [cell for cell in cells if cell.outputs or cell.execution_count] == []
