"""Where the bundle at hand comes from: asked of git, dvc.lock and MLflow."""

import hashlib
from pathlib import Path

from ganops.registry.origin import Origin
from ganops.tracking.lineage import dvc_digests, producing_run
from ganops.tracking.location import project
from ganops.tracking.provenance import read_provenance


def read_origin(bundle: Path) -> Origin:
    """What is known; a field without an answer stays empty."""
    provenance, lock = read_provenance(project()), project() / "dvc.lock"
    return Origin(
        git_commit=provenance.commit,
        git_dirty=str(provenance.dirty).lower(),
        dvc_lock_sha256=hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else "",
        training_run=_training_run(bundle),
    )


def _training_run(bundle: Path) -> str:
    """The active run if it trained; else the latest that wrote these bytes (DVC may have skipped the training)."""
    import mlflow
    from dvc.exceptions import NotDvcRepoError

    active = mlflow.active_run()
    if active is None:
        return ""
    client = mlflow.MlflowClient()
    if "fingerprint" in client.get_run(active.info.run_id).data.tags:
        return active.info.run_id
    try:
        digest = dvc_digests(project(), [bundle])[bundle]
    except NotDvcRepoError:
        return ""
    return producing_run(client, active.info.experiment_id, digest) or ""
