"""The MLflow store is made once, at set-up: two processes that make it at the same time break each other's migrations.

`python -m ganops.tracking.store` makes it and prints its address.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from ganops.errors import TrackingError
from ganops.tracking.location import EXPERIMENT, artifact_root, tracking_uri
from ganops.tracking.masking import mask_secrets

_SQLITE = "sqlite:///"


def create_store() -> str:
    """Make the tables and the experiment where they are missing.

    Returns:
        The store's address.

    Raises:
        TrackingError: the store cannot be opened, or belongs to another version of MLflow.
    """
    uri = tracking_uri()
    if not _is_complete(uri):
        _create(uri)
    return uri


def _is_complete(uri: str) -> bool:
    """Whether an SQLite store holds the experiment; asked without mlflow, whose import takes seconds."""
    path = Path(uri.removeprefix(_SQLITE))
    if not uri.startswith(_SQLITE) or not path.is_file():
        return False
    with closing(sqlite3.connect(path)) as connection:
        try:
            query = "SELECT 1 FROM experiments WHERE name = ? AND lifecycle_stage = 'active'"
            return connection.execute(query, (EXPERIMENT,)).fetchone() is not None
        except sqlite3.DatabaseError:
            return False


def _create(uri: str) -> None:
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    if uri.startswith(_SQLITE):
        Path(uri.removeprefix(_SQLITE)).parent.mkdir(parents=True, exist_ok=True)
    try:
        client = MlflowClient(uri)
        if client.get_experiment_by_name(EXPERIMENT) is None:
            client.create_experiment(EXPERIMENT, artifact_location=artifact_root().as_uri())
    except MlflowException as error:
        raise TrackingError(
            f"The MLflow store {mask_secrets(uri)}",
            expected="a store of the installed version of MLflow",
            received=mask_secrets(str(error).splitlines()[0]),
            remedy=f"Upgrade it with `mlflow db upgrade {_shell_address(uri)}`, or set MLFLOW_TRACKING_URI to another "
            "store.",
        ) from error


def _shell_address(uri: str) -> str:
    """Return the address as a command line takes it; one with a password stays in its variable."""
    return uri if mask_secrets(uri) == uri else '"$MLFLOW_TRACKING_URI"'


if __name__ == "__main__":
    print(mask_secrets(create_store()))
