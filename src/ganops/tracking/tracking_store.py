"""Makes the MLflow store, one process at a time: two at once would break each other's migrations.

`python -m ganops.tracking.tracking_store` makes it and prints its address.
"""

import os
import socket
import sqlite3
import ssl
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from filelock import FileLock

from ganops.errors import GanopsError, TrackingError
from ganops.files import disk_errors
from ganops.tracking.location import EXPERIMENT, artifact_root, root, shell_address, sqlite_path, tracking_uri
from ganops.tracking.masking import mask_secrets

_LONGEST_ANSWER_SECONDS = 10
_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
# MLflow would retry for minutes.
_UNAVAILABLE = (502, 503, 504)


def open_store() -> None:
    """Make the store where it is missing, and look up the experiment, as kedro-mlflow will.

    Raises:
        TrackingError: as `create_store`, and where the store belongs to another version of MLflow.
    """
    uri = create_store()
    _find_experiment(uri)


def create_store() -> str:
    """Make the tables and the experiment where they are missing.

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
    file = sqlite_path(uri) or root() / "mlflow.db"
    lock = file.with_name(f"{file.name}.lock")
    with disk_errors(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock):
            if not _is_complete(uri):
                _create(uri)
    return uri


def site_packages() -> Path:
    """The folder that mlflow is installed in; found without its import, which takes seconds."""
    specification = find_spec("mlflow")
    assert specification is not None and specification.origin is not None, "mlflow is a dependency"
    return Path(specification.origin).parents[1]


def check_installation(uri: str, installed: Path) -> None:
    """Raise TrackingError where MLflow cannot read its own tables' descriptions: it takes `%` in their path for a sign.

    A server has an installation of its own, and may be used.
    """
    if "%" not in str(installed) or urlsplit(uri).scheme in ("http", "https"):
        return
    raise TrackingError(
        f"MLflow, which is installed in {installed}",
        expected="a path without %, for there MLflow opens no database",
        received="one with %",
        remedy="Rename the folder, or make the environment outside of it (python -m venv), install the project there "
        "(pip install -e .), and activate that one.",
    )


def check_answer(uri: str) -> None:
    """Send one request to a server, which answers within seconds; MLflow's own are retried for minutes.

    Raises:
        TrackingError: it does not answer.
    """
    parts = urlsplit(uri)
    try:
        if parts.scheme in ("http", "https"):
            _ask_http(uri)
        elif parts.hostname and (port := parts.port or _PORTS.get(parts.scheme.partition("+")[0])):
            socket.create_connection((parts.hostname, port), _LONGEST_ANSWER_SECONDS).close()
    except (OSError, ValueError) as error:
        raise TrackingError(
            f"The MLflow server {mask_secrets(uri)}",
            expected=f"an answer within {_LONGEST_ANSWER_SECONDS} seconds",
            received=str(error).strip("<>"),
            remedy="Start the server or correct MLFLOW_TRACKING_URI. Without that variable the store is a file in the "
            "project.",
        ) from None


def _ask_http(uri: str) -> None:
    """Accept any answer: MLflow itself reports a refusal, and has a setting to accept a certificate."""
    parts = urlsplit(uri)
    # Without user and password, which urllib would take for a part of the host.
    host = parts.netloc.rpartition("@")[2]
    address = f"{parts.scheme}://{host}{parts.path.rstrip('/')}/health"
    try:
        urlopen(Request(address), timeout=_LONGEST_ANSWER_SECONDS).close()
    except HTTPError as error:
        if error.code in _UNAVAILABLE:
            raise
    except URLError as error:
        if not isinstance(error.reason, ssl.SSLError):
            raise


def _is_complete(uri: str) -> bool:
    """Whether an SQLite store holds the experiment; asked without mlflow, whose import takes seconds."""
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
    """Raise sqlite3.OperationalError where file or folder may not be written; SQLite would open them."""
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
        print(mask_secrets(create_store()))
    except GanopsError as mistake:
        sys.exit(f"Error: {mistake}")
