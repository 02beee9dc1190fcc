"""A clone of the working tree in which `kedro run --env smoke` has been run once, for all tests of this folder."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
ENVIRONMENT = "smoke"
LONGEST_RUN_SECONDS = 300


@dataclass(frozen=True)
class Project:
    """A project folder and the ways a user acts in it."""

    path: Path

    @property
    def environment(self) -> dict[str, str]:
        """A user's variables: the tools of .venv on the PATH, the sources of this clone before installed ones."""
        foreign = ("MLFLOW_", "DVC_", "KEDRO_ENV", "GIT_", "PYTEST_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return inherited | {"PATH": tools, "PYTHONPATH": str(self.path / "src"), "COLUMNS": "200"}

    def call(self, *command: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command in `folder`, the project's own by default."""
        return subprocess.run(
            command,
            cwd=folder or self.path,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_RUN_SECONDS,
            check=False,
        )

    def call_well(self, *command: str, folder: Path | None = None) -> str:
        """Run a command that must succeed; its whole output."""
        result = self.call(*command, folder=folder)
        assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}\n{result.stderr}"
        return result.stdout + result.stderr

    def produced(self, layer: str, name: str) -> Path:
        """The path of what the run wrote."""
        return self.path / "data" / layer / ENVIRONMENT / name

    def report_of_the_run(self) -> str:
        """What `kedro run --env smoke` printed."""
        return self.path.with_name("output.txt").read_text()


def clone_working_tree(path: Path) -> Project:
    """Tracked and new files, as they are now, committed in a repository of their own."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, path / name)
    project = Project(path)
    project.call_well("git", "init", "--quiet", "--initial-branch", "main")
    project.call_well("git", "config", "user.name", "A User")
    project.call_well("git", "config", "user.email", "user@example.org")
    project.call_well("git", "add", "--all")
    project.call_well("git", "commit", "--quiet", "--message", "The working tree")
    return project


def run_once(path: Path) -> Project:
    project = clone_working_tree(path)
    project.call_well("python", "-m", "ganops.tracking.store")
    output = project.call_well("kedro", "run", "--env", ENVIRONMENT)
    path.with_name("output.txt").write_text(output)
    return project


@pytest.fixture(scope="session")
def finished_project(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Project:
    """The clone with its finished run: to read, not to change. The workers of pytest-xdist share one."""
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
    """A copy of the clone and of all that its run left: to change."""
    shutil.copytree(finished_project.path, tmp_path / "project", symlinks=True)
    return Project(tmp_path / "project")
