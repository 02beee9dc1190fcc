"""A clone of the working tree in which `kedro run --env smoke` has been run once, for all tests of this folder."""

import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from ..projects import ENVIRONMENT, Project, initialised_clone


def run_once(path: Path) -> Project:
    project = initialised_clone(path)
    output = project.call_well("kedro", "run", "--env", ENVIRONMENT)
    path.with_name("output.txt").write_text(output)
    return project


@pytest.fixture(scope="session")
def finished_project(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Project:
    """Return the clone with its finished run: to read, not to change. The workers of pytest-xdist share one."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "smoke_run"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        if not (folder / "output.txt").exists():
            shutil.rmtree(folder / "project", ignore_errors=True)
            run_once(folder / "project")
    return Project(folder / "project")


@pytest.fixture
def own_project(finished_project: Project, tmp_path: Path) -> Project:
    """Return a copy of the clone and of all that its run left: to change."""
    shutil.copytree(finished_project.path, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")
