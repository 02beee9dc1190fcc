"""Where the bundle at hand comes from: asked of git, dvc.lock and MLflow."""

import hashlib
from pathlib import Path

from ganops.registry.origin import Origin
from ganops.tracking.lineage import dvc_digests, producing_run
from ganops.tracking.location import project, root
from ganops.tracking.overrides import overrides_of
from ganops.tracking.provenance import read_provenance


def read_origin(bundle: Path, fingerprint: str) -> Origin:
    """Collect the origin of the bundle in this folder, made by the training of this fingerprint.

    An unknown field stays empty.
    """
    provenance, lock = read_provenance(project()), project() / "dvc.lock"
    active, trained = _active_run(), _training_run(bundle, fingerprint)
    return Origin(
        git_commit=provenance.commit,
        git_dirty=provenance.dirty,
        git_problem=provenance.problem,
        dvc_lock_sha256=hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else "",
        training_run=trained,
        overrides=", ".join(_overrides({active, trained} - {""})),
    )


def registration_lock(name: str) -> Path:
    """The file that whoever registers versions of this model holds: one for the project and its experiments."""
    return root() / ".checkpoints" / f"{name}.registry.lock"


def _active_run() -> str:
    import mlflow

    active = mlflow.active_run()
    return "" if active is None else active.info.run_id


def _training_run(bundle: Path, fingerprint: str) -> str:
    """Return the active run if it trained the bundle, else the last that wrote its bytes (DVC may skip a training)."""
    import mlflow
    from dvc.exceptions import NotDvcRepoError

    active = _active_run()
    if not active:
        return ""
    client = mlflow.MlflowClient()
    run = client.get_run(active)
    if run.data.tags.get("fingerprint") == fingerprint:
        return active
    try:
        digest = dvc_digests(project(), [bundle])[bundle]
    except NotDvcRepoError:
        return ""
    return producing_run(client, run.info.experiment_id, digest) or ""


def _overrides(runs: set[str]) -> list[str]:
    """What the runs that trained and that register got from conf/local and `--params`."""
    import mlflow

    found = {name for run in runs for name in overrides_of(mlflow.MlflowClient().get_run(run).data.tags)}
    return sorted(found)
