"""`python -m ganops` from anywhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ganops


@pytest.mark.parametrize("folder", [Path("/"), Path(__file__).parent])
def test_it_is_kedro_run_of_this_project_from_any_folder(folder: Path) -> None:
    """Only inside its project does Kedro know the command `run`."""
    command = [sys.executable, "-m", "ganops", "--help"]
    child = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
    assert "Usage: kedro run [OPTIONS]" in child.stdout


def test_without_its_project_it_says_so_in_one_line(tmp_path: Path) -> None:
    shutil.copytree(Path(ganops.__path__[0]), tmp_path / "src" / "ganops")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    command = [sys.executable, "-m", "ganops"]
    child = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)
    assert (child.returncode, child.stdout) == (1, "")
    (line,) = child.stderr.splitlines()
    assert line.startswith("Error: python -m ganops: expected ganops installed from its project folder")
