"""Read the provenance of a bundle from git, dvc.lock and MLflow."""

import hashlib
from pathlib import Path

from ganops.registry.origin import Origin
from ganops.tracking.lineage import dvc_digests, producing_run
from ganops.tracking.provenance import read_overrides, read_provenance
from ganops.tracking.run_session import active_run_id
from ganops.tracking.tracking_store import find_project, find_root


def read_origin(bundle: Path, fingerprint: str) -> Origin:
    """Return the origin of a bundle; unknown fields are empty.

    Args:
        bundle: its folder.
        fingerprint: of its training.
    """
    provenance, lock = read_provenance(find_project()), find_project() / "dvc.lock"
    active, trained = active_run_id(), _training_run(bundle, fingerprint)
    return Origin(
        git_commit=provenance.commit,
        git_dirty=provenance.dirty,
        git_problem=provenance.problem,
        dvc_lock_sha256=hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else "",
        training_run=trained,
        overrides=", ".join(_read_overrides({active, trained} - {""})),
    )


def registration_lock(name: str) -> Path:
    """Return the path of the lock for registrations of this model, one for the project and its experiments."""
    return find_root() / ".checkpoints" / f"{name}.registry.lock"


def _training_run(bundle: Path, fingerprint: str) -> str:
    """Return the active run if it trained the bundle, else the last run that wrote its bytes: DVC may skip training."""
    import mlflow
    from dvc.exceptions import NotDvcRepoError

    active = active_run_id()
    if not active:
        return ""
    client = mlflow.MlflowClient()
    run = client.get_run(active)
    if run.data.tags.get("fingerprint") == fingerprint:
        return active
    try:
        digest = dvc_digests(find_project(), [bundle])[bundle]
    except NotDvcRepoError:
        return ""
    return producing_run(client, run.info.experiment_id, digest) or ""


def _read_overrides(runs: set[str]) -> list[str]:
    """Return the overrides, by conf/local and `--params`, of the runs that trained and that register."""
    import mlflow

    found = {name for run in runs for name in read_overrides(mlflow.MlflowClient().get_run(run).data.tags)}
    return sorted(found)
