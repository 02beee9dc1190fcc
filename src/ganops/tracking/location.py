"""Where the project keeps its MLflow store, artifacts and scratch: one place, whoever runs it and from wherever.

Inside a DVC stage the working directory may be a temporary copy (`dvc exp run --temp`, the queue) that is deleted
afterwards with all it holds. DVC_ROOT is the original repository even there.
"""

import os
import shlex
from pathlib import Path
from urllib.parse import quote, unquote

from ganops.tracking.masking import mask_secrets

EXPERIMENT = "ganops"
_SQLITE = "sqlite:///"


def project() -> Path:
    """The project that this code belongs to: inside a temporary DVC experiment, the temporary copy.

    For a package that is installed away from its project (`kedro package`), the working directory.
    """
    folder = Path(__file__).resolve().parents[3]
    return folder if (folder / "pyproject.toml").is_file() else Path.cwd()


def root() -> Path:
    """Absolute: the original repository under DVC, else the project."""
    return Path(os.environ.get("DVC_ROOT") or project()).resolve()


def tracking_uri() -> str:
    """MLFLOW_TRACKING_URI, else the SQLite file at the root."""
    return os.environ.get("MLFLOW_TRACKING_URI") or sqlite_uri(root() / "mlflow.db")


def artifact_root() -> Path:
    """The folder of the runs' artifacts."""
    return root() / "mlartifacts"


def ui_command() -> str:
    """Return the command that shows the runs: a package that is installed away from its project has no Makefile."""
    if (project() / "Makefile").is_file():
        return "make ui"
    return f"mlflow ui --backend-store-uri {shell_address(tracking_uri())}"


def sqlite_uri(file: Path) -> str:
    """Return the address of an SQLite file.

    A path with `%` or `?`, which have a meaning in a URI, is quoted; its slashes too, because MLflow creates the parent
    folder of the quoted path.
    """
    path = str(file)
    return _SQLITE + (quote(path, safe="") if {"%", "?"} & set(path) else path)


def sqlite_path(uri: str) -> Path | None:
    """Return the file of an SQLite address; None for any other store."""
    if not uri.startswith(_SQLITE):
        return None
    return Path(unquote(uri.removeprefix(_SQLITE).partition("?")[0]))


def shell_address(uri: str) -> str:
    """Return the address as a command line takes it; one with a password stays in its variable."""
    return shlex.quote(uri) if mask_secrets(uri) == uri else '"$MLFLOW_TRACKING_URI"'
