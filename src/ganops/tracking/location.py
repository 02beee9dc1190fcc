"""Where the project keeps its MLflow store, artifacts and scratch: one place, whoever runs it and from wherever.

Inside a DVC stage the working directory may be a temporary copy (`dvc exp run --temp`, the queue) that is deleted
afterwards with all it holds. DVC_ROOT is the original repository even there.
"""

import os
from pathlib import Path

EXPERIMENT = "ganops"


def project() -> Path:
    """The project that this code belongs to: inside a temporary DVC experiment, the temporary copy."""
    return Path(__file__).resolve().parents[3]


def root() -> Path:
    """Absolute: the original repository under DVC, else the project."""
    return Path(os.environ.get("DVC_ROOT") or project()).resolve()


def tracking_uri() -> str:
    """MLFLOW_TRACKING_URI, else the SQLite file at the root."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{root() / 'mlflow.db'}"


def artifact_root() -> Path:
    """The folder of the runs' artifacts."""
    return root() / "mlartifacts"
