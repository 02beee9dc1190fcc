"""The MLflow store: its address, its artifacts, and its creation.

The place does not depend on the working directory. Inside a DVC stage that may be a temporary copy (`dvc exp run
--temp`, the queue), which is deleted afterwards with all that it holds; DVC_ROOT is the original repository even there.

One process at a time creates the store: two at once would break each other's migrations.
`python -m ganops.tracking.tracking_store` creates it and prints its address.
"""

import os
import shlex
import socket
import sqlite3
import ssl
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import Request, urlopen

from filelock import FileLock

from ganops.errors import GanopsError, TrackingError
from ganops.files import disk_errors
from ganops.tracking.masking import mask_secrets

EXPERIMENT = "ganops"
_SQLITE = "sqlite:///"
_ANSWER_TIMEOUT_SECONDS = 10
_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
# MLflow would retry these for minutes.
_UNAVAILABLE = (502, 503, 504)


def find_project() -> Path:
    """Return the project of this code: inside a temporary DVC experiment, the temporary copy.

    For a package that is installed away from its project (`kedro package`), it is the working directory.
    """
    folder = Path(__file__).resolve().parents[3]
    return folder if (folder / "pyproject.toml").is_file() else Path.cwd()


def find_root() -> Path:
    """Return the absolute path of the original repository under DVC, else of the project."""
    return Path(os.environ.get("DVC_ROOT") or find_project()).resolve()


def tracking_uri() -> str:
    """Return MLFLOW_TRACKING_URI, else the address of the SQLite file at the root."""
    return os.environ.get("MLFLOW_TRACKING_URI") or sqlite_uri(find_root() / "mlflow.db")


def artifact_root() -> Path:
    """Return the folder of the runs' artifacts."""
    return find_root() / "mlartifacts"


def ui_command() -> str:
    """Return the command that shows the runs; a package that is installed away from its project has no Makefile."""
    if (find_project() / "Makefile").is_file():
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


def open_tracking_store() -> None:
    """Create the store where it is missing, and look up the experiment, as kedro-mlflow will.

    Raises:
        TrackingError: as `create_tracking_store`, and where the store belongs to another version of MLflow.
    """
    uri = create_tracking_store()
    _find_experiment(uri)


def create_tracking_store() -> str:
    """Create the tables and the experiment where they are missing.

    Returns:
        The store's address.

    Raises:
        TrackingError: the store does not answer, cannot be opened or written, or belongs to another version of MLflow.
    """
    uri = tracking_uri()
    check_installation(uri, site_packages())
    check_answer(uri)
    if _is_complete(uri):
        return uri
    file = sqlite_path(uri) or find_root() / "mlflow.db"
    lock = file.with_name(f"{file.name}.lock")
    with disk_errors(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock):
            if not _is_complete(uri):
                _create(uri)
    return uri


def site_packages() -> Path:
    """Return the folder that mlflow is installed in, without its import, which takes seconds."""
    specification = find_spec("mlflow")
    assert specification is not None and specification.origin is not None, "mlflow is a dependency"
    return Path(specification.origin).parents[1]


def check_installation(uri: str, installed: Path) -> None:
    """Raise TrackingError where the installation's path holds `%`, which MLflow misreads when it opens a database.

    A server has an installation of its own, and may be used.
    """
    if "%" not in str(installed) or urlsplit(uri).scheme in ("http", "https"):
        return
    raise TrackingError(
        f"MLflow, which is installed in {installed}",
        expected="a path without %, with which MLflow opens no database",
        received="one with %",
        remedy="Rename the folder, or create the environment outside of it (python -m venv), install the project there "
        "(pip install -e .), and activate that environment.",
    )


def check_answer(uri: str) -> None:
    """Send one request to a server; MLflow would retry its own for minutes.

    Raises:
        TrackingError: the server does not answer within seconds.
    """
    parts = urlsplit(uri)
    try:
        if parts.scheme in ("http", "https"):
            _request_health(uri)
        elif parts.hostname and (port := parts.port or _PORTS.get(parts.scheme.partition("+")[0])):
            socket.create_connection((parts.hostname, port), _ANSWER_TIMEOUT_SECONDS).close()
    except (OSError, ValueError) as error:
        raise TrackingError(
            f"The MLflow server {mask_secrets(uri)}",
            expected=f"an answer within {_ANSWER_TIMEOUT_SECONDS} seconds",
            received=str(error).strip("<>"),
            remedy="Start the server or correct MLFLOW_TRACKING_URI. Without that variable the store is a file in the "
            "project.",
        ) from None


def _request_health(uri: str) -> None:
    """Accept any answer but an unavailable server: MLflow reports a refusal, and has a setting for certificates."""
    parts = urlsplit(uri)
    # Without user and password, which urllib would read as a part of the host.
    host = parts.netloc.rpartition("@")[2]
    address = f"{parts.scheme}://{host}{parts.path.rstrip('/')}/health"
    try:
        urlopen(Request(address), timeout=_ANSWER_TIMEOUT_SECONDS).close()
    except HTTPError as error:
        if error.code in _UNAVAILABLE:
            raise
    except URLError as error:
        if not isinstance(error.reason, ssl.SSLError):
            raise


def _is_complete(uri: str) -> bool:
    """Return whether an SQLite store holds the experiment, without importing mlflow, which takes seconds."""
    file = sqlite_path(uri)
    if file is None:
        return False
    with _sqlite_errors(file):
        return file.exists() and _holds_experiment(file)


def _holds_experiment(file: Path) -> bool:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("SELECT name FROM sqlite_master LIMIT 1")
        _check_writable(file, connection)
        query = "SELECT 1 FROM experiments WHERE name = ? AND lifecycle_stage = 'active'"
        try:
            return connection.execute(query, (EXPERIMENT,)).fetchone() is not None
        except sqlite3.OperationalError:  # no such table
            return False


def _check_writable(file: Path, connection: sqlite3.Connection) -> None:
    """Raise sqlite3.OperationalError where file or folder may not be written; SQLite would open them all the same."""
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise sqlite3.OperationalError(f"the folder {file.parent} may not be written")
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.rollback()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_BUSY":  # another run is writing, so it can be written
            raise


@contextmanager
def _sqlite_errors(file: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.DatabaseError, OSError) as error:
        raise TrackingError(
            f"The MLflow store {file}",
            expected="an SQLite file that may be read and written",
            received=str(error),
            remedy="Grant the right to write the file and its folder, or set MLFLOW_TRACKING_URI to another store.",
        ) from None


def _create(uri: str) -> None:
    from mlflow import MlflowClient

    if _find_experiment(uri) is None:
        with _mlflow_errors(uri):
            MlflowClient(uri).create_experiment(EXPERIMENT, artifact_location=artifact_root().as_uri())


def _find_experiment(uri: str) -> object:
    from mlflow import MlflowClient

    with _mlflow_errors(uri):
        return MlflowClient(uri).get_experiment_by_name(EXPERIMENT)


@contextmanager
def _mlflow_errors(uri: str) -> Iterator[None]:
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        raise TrackingError(
            f"The MLflow store {mask_secrets(uri)}",
            expected="a store of the installed version of MLflow that may be read and written",
            received=mask_secrets(str(error).splitlines()[0]),
            remedy=f"If it is of an older version, upgrade it with `mlflow db upgrade {shell_address(uri)}`; else set "
            "MLFLOW_TRACKING_URI to another store.",
        ) from error


if __name__ == "__main__":
    try:
        print(mask_secrets(create_tracking_store()))
    except GanopsError as mistake:
        sys.exit(f"Error: {mistake}")
