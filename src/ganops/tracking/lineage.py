"""Inputs and outputs of a run by content: the digest that DVC gives a file finds the run that made it.

DVC may skip a stage whose result is known, and then there is no process and no run; the bytes still lead to the run
that made them.
"""

import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

from ganops.tracking.best_effort import best_effort
from ganops.tracking.run import set_tags

if TYPE_CHECKING:
    from dvc.repo import Repo
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput, Run

_LOG = logging.getLogger(__name__)
_CONTEXT = "mlflow.data.context"


@dataclass(frozen=True)
class TrackedDataset:
    """One dataset that DVC tracks, as a run read or wrote it."""

    name: str
    path: Path
    context: Literal["input", "output"]


def record_lineage(client: "MlflowClient", run_id: str, project: Path, pieces: Iterable[TrackedDataset]) -> None:
    """Log the pieces with DVC's digests, and tag the runs whose outputs the inputs were.

    Never fatal: the results are there, and two runs that log one new dataset at the same moment collide in MLflow.
    """
    present = [piece for piece in pieces if piece.path.exists()]
    best_effort("The lineage of this run was not recorded", lambda: _record(client, run_id, project, present))


def _record(client: "MlflowClient", run_id: str, project: Path, pieces: list[TrackedDataset]) -> None:
    digests = dvc_digests(project, [piece.path for piece in pieces])
    pieces = [piece for piece in pieces if piece.path in digests]
    locked = _locked(project)
    client.log_inputs(run_id, datasets=[_input(piece, digests[piece.path], project, locked) for piece in pieces])
    read = {piece.name: digests[piece.path] for piece in pieces if piece.context == "input"}
    set_tags(client, run_id, _origins(client, run_id, read))


def dvc_digests(project: Path, paths: Iterable[Path]) -> dict[Path, str]:
    """DVC's own hash of each file or folder (`….dir`); what DVC has hashed before is not read again.

    A folder with a file name that is not UTF-8 is left out, with a warning, because DVC cannot hash it.
    """
    from dvc.repo import Repo

    with Repo(str(project)) as repo:
        hashed = {path: _dvc_digest(repo, path) for path in paths}
    return {path: digest for path, digest in hashed.items() if digest is not None}


def _dvc_digest(repo: "Repo", path: Path) -> str | None:
    from dvc_data.hashfile.build import build

    options: dict[str, Any] = {"ignore": repo.dvcignore, "dry_run": True}
    try:
        *_, built = build(repo.cache.local, str(path), repo.fs, "md5", **options)
    except UnicodeEncodeError:
        _LOG.warning("%s holds a file name that is not UTF-8, which DVC cannot version. Rename the file.", path)
        return None
    return str(built.hash_info.value)


def producing_run(client: "MlflowClient", experiment_id: str, digest: str) -> str | None:
    """The id of the latest run that wrote these bytes."""
    query = f"dataset.digest = '{digest}' AND dataset.context = 'output'"
    runs = client.search_runs([experiment_id], query, order_by=["attributes.start_time DESC"])
    return next((run.info.run_id for run in runs if _wrote(run, digest)), None)


def _wrote(run: "Run", digest: str) -> bool:
    """MLflow's query also finds a run that read these bytes and wrote others."""
    pieces = run.inputs.dataset_inputs if run.inputs else []
    return any(
        p.dataset.digest == digest and any((tag.key, tag.value) == (_CONTEXT, "output") for tag in p.tags)
        for p in pieces
    )


def _origins(client: "MlflowClient", run_id: str, read: Mapping[str, str]) -> dict[str, str]:
    experiment_id = client.get_run(run_id).info.experiment_id
    runs = {name: producing_run(client, experiment_id, digest) for name, digest in read.items()}
    # Under DVC an earlier stage of the same run may have made it.
    return {f"made_by.{name}": run for name, run in runs.items() if run not in (None, run_id)}


def _locked(project: Path) -> dict[str, tuple[str, str]]:
    """What dvc.lock says: path → (stage, md5)."""
    lock = project / "dvc.lock"
    stages: dict[str, Any] = (
        (yaml.safe_load(lock.read_text(encoding="utf-8")) or {}).get("stages", {}) if lock.is_file() else {}
    )
    outs = ((stage, out) for stage, values in stages.items() for out in values.get("outs", ()))
    return {out["path"]: (stage, out.get("md5", "")) for stage, out in outs}


def _input(piece: TrackedDataset, digest: str, project: Path, locked: Mapping[str, tuple[str, str]]) -> "DatasetInput":
    from mlflow.entities import Dataset, DatasetInput, InputTag

    path = Path(os.path.relpath(piece.path, project)).as_posix()
    stage, md5 = locked.get(path, ("", ""))
    tags = {_CONTEXT: piece.context, "path": path, "stage": stage or os.environ.get("DVC_STAGE", "")}
    if "DVC_STAGE" not in os.environ or piece.context == "input":  # DVC locks a stage's outputs after the stage
        tags["equals_dvc_lock"] = str(md5 == digest).lower() if md5 else "unknown"
    dataset = Dataset(piece.name, digest, "local", json.dumps({"uri": path}))
    return DatasetInput(dataset, [InputTag(name, value) for name, value in tags.items()])
