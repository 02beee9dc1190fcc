"""A clone of the working tree as a user's project, with the commands of a user and the results."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

ROOT = Path(__file__).parents[1]
ENVIRONMENT = "smoke"
LONGEST_RUN_SECONDS = 600


@dataclass(frozen=True)
class Project:
    """A project folder, and the commands of a user in it."""

    path: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return a user's variables: tools of .venv on the PATH, sources of this clone before installed ones."""
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
        """Run a command that must succeed, and return its whole output."""
        result = self.call(*command, folder=folder)
        assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}\n{result.stderr}"
        return result.stdout + result.stderr

    def produced(self, layer: str, name: str) -> Path:
        """Return the path of an output of the run."""
        return self.path / "data" / layer / ENVIRONMENT / name

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a command in the background; its output goes to started.txt beside the project."""
        with self.path.with_name("started.txt").open("wb") as output:
            return subprocess.Popen(
                command,
                cwd=self.path,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def digests(self, folder: str) -> dict[str, str]:
        """Return file → sha256 of a folder of the project."""
        files = sorted(path for path in (self.path / folder).rglob("*") if path.is_file())
        return {
            path.relative_to(self.path / folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
        }

    @property
    def client(self) -> "MlflowClient":
        """Return a client of the project's tracking store."""
        from mlflow import MlflowClient

        return MlflowClient(f"sqlite:///{self.path / 'mlflow.db'}")

    def runs(self) -> "list[Run]":
        """Return all MLflow runs of the project, the latest first."""
        client = self.client
        return list(client.search_runs([experiment.experiment_id for experiment in client.search_experiments()]))

    def report_of_the_run(self) -> str:
        """Return what `kedro run --env smoke` printed."""
        return self.path.with_name("output.txt").read_text()


def clone_working_tree(path: Path) -> Project:
    """Copy tracked and new files, as they are now, into a new repository, and commit them."""
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


def initialised_clone(path: Path) -> Project:
    """Clone the working tree and create its tracking store, as `make run` does."""
    project = clone_working_tree(path)
    project.call_well("python", "-m", "ganops.tracking.tracking_store")
    return project
