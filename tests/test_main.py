"""`python -m ganops` from anywhere."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("folder", [Path("/"), Path(__file__).parent])
def test_it_is_kedro_run_of_this_project_from_any_folder(folder: Path) -> None:
    """Only inside its project does Kedro know the command `run`."""
    command = [sys.executable, "-m", "ganops", "--help"]
    child = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
    assert "Usage: kedro run [OPTIONS]" in child.stdout
