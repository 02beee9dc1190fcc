"""An MLflow store for each test, copied from one that is created once."""

import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient

from ganops.tracking.tracking_store import EXPERIMENT, create_tracking_store


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty store; creating its tables takes seconds."""
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_ROOT", str(folder))
        create_tracking_store()
    return folder / "mlflow.db"


@pytest.fixture
def client(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """Of a fresh store at tmp_path, which is the root of what runs in this test."""
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    # MLflow leaves the address of a session in the environment, for child processes; monkeypatch removes it again.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    # A session of an earlier test has also set the address that MLflow reads before the environment.
    monkeypatch.setattr("mlflow.tracking._tracking_service.utils._tracking_uri", None)
    return MlflowClient(uri)


@pytest.fixture
def experiment_id(client: MlflowClient) -> str:
    """Of the one experiment."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    return experiment.experiment_id
