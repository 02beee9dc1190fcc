"""`python -m ganops` from anywhere."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import ganops


@pytest.mark.parametrize("folder", [Path("/"), Path(__file__).parent])
def test_it_runs_this_project_from_any_folder(folder: Path) -> None:
    """Only inside its project does Kedro know the command `run`."""
    command = [sys.executable, "-m", "ganops", "--help"]
    child = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
    assert "Usage: kedro run [OPTIONS]" in child.stdout


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return the package without its project, as a wheel installs it."""
    shutil.copytree(Path(ganops.__path__[0]), tmp_path / "site" / "ganops")
    return tmp_path / "site"


def start(installed: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-m", "ganops", *options]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False, timeout=120
    )


def test_an_installed_package_runs_in_the_working_directory(installed: Path, tmp_path: Path) -> None:
    folder, project = tmp_path / "empty", Path(__file__).parents[1]
    folder.mkdir()
    with tarfile.open(tmp_path / "conf-ganops.tar.gz", "w:gz") as archive:
        archive.add(project / "conf", "conf")
    options = ("--conf-source", str(tmp_path / "conf-ganops.tar.gz"), "--env", "smoke")
    child = start(installed, folder, *options, "--pipelines", "data_preparation")
    assert child.returncode == 0, child.stdout + child.stderr
    assert (folder / "data/03_primary/smoke/store/store.json").is_file()
    assert (folder / "mlflow.db").is_file()


def test_a_missing_configuration_is_an_error_of_one_line(installed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    child = start(installed, folder)
    assert child.returncode == 1
    assert "Traceback" not in child.stderr
    (line,) = [line for line in child.stderr.splitlines() if line.startswith("Error: ")]
    assert "conf: expected the folder conf" in line
    assert "--conf-source" in line
    assert list(folder.iterdir()) == []
