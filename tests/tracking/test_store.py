"""The store is where the project is, not where one stands."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from ganops.errors import TrackingError
from ganops.tracking.location import EXPERIMENT, artifact_root, project, root, tracking_uri
from ganops.tracking.store import create_store


def test_the_place_does_not_depend_on_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert root() == project() == Path(__file__).parents[2]
    assert tracking_uri() == f"sqlite:///{root()}/mlflow.db"
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert tracking_uri() == f"sqlite:///{tmp_path}/mlflow.db"
    assert artifact_root() == tmp_path / "mlartifacts"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:5000")
    assert tracking_uri() == "http://localhost:5000"


def test_an_existing_store_is_found_without_importing_mlflow(client: MlflowClient, tmp_path: Path) -> None:
    code = "import sys; from ganops.tracking.store import create_store; create_store(); print('mlflow' in sys.modules)"
    started = time.perf_counter()
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == "False"
    assert time.perf_counter() - started < 5


def test_a_missing_experiment_is_made_in_an_existing_store(client: MlflowClient, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "mlflow.db") as connection:
        connection.execute("DELETE FROM experiments WHERE name = ?", (EXPERIMENT,))
    create_store()
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    assert experiment.artifact_location == (tmp_path / "mlartifacts").as_uri()


def test_the_store_of_another_version_of_mlflow_is_an_error_with_a_remedy(
    client: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    # Another name: MLflow keeps the open stores of a process by their address.
    other = tmp_path / "other.db"
    (tmp_path / "mlflow.db").rename(other)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{other}")
    with sqlite3.connect(other) as connection:
        connection.execute("DELETE FROM experiments")
        connection.execute("UPDATE alembic_version SET version_num = '728d730b5ebd'")
    with pytest.raises(TrackingError, match="mlflow db upgrade"):
        create_store()


def test_a_password_in_the_address_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    address = "https://me:sesame@tracking.example.org"

    def refuse(uri: str) -> MlflowClient:
        raise MlflowException(f"API request to {uri} failed")

    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    monkeypatch.setattr("mlflow.MlflowClient", refuse)
    with pytest.raises(TrackingError) as caught:
        create_store()
    assert "sesame" not in str(caught.value)
    assert 'mlflow db upgrade "$MLFLOW_TRACKING_URI"' in caught.value.remedy
