"""Inputs and outputs of a run by content: DVC's digest of a file leads to the run that produced it.

Where DVC skips a stage whose result is known there is no process and no run; the bytes still lead to the run that
produced them.
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
from ganops.tracking.run_session import set_tags

if TYPE_CHECKING:
    from dvc.repo import Repo
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput, Run

logger = logging.getLogger(__name__)
_CONTEXT = "mlflow.data.context"
# The parser in C, where PyYAML has it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class TrackedDataset:
    """One dataset that DVC tracks, and whether a run read or wrote it."""

    name: str
    path: Path
    context: Literal["input", "output"]


def record_lineage(client: "MlflowClient", run_id: str, project: Path, datasets: Iterable[TrackedDataset]) -> None:
    """Log the datasets with DVC's digests, and tag the run with the runs that produced its inputs.

    A failure is a warning: two runs that log one new dataset at the same moment collide in MLflow.
    """
    present = [dataset for dataset in datasets if dataset.path.exists()]
    best_effort("Could not record the lineage of the run", lambda: _record(client, run_id, project, present))


def _record(client: "MlflowClient", run_id: str, project: Path, datasets: list[TrackedDataset]) -> None:
    digests = dvc_digests(project, [dataset.path for dataset in datasets])
    hashed = [dataset for dataset in datasets if dataset.path in digests]
    locked = _read_lock(project)
    inputs = [_mlflow_input(dataset, digests[dataset.path], project, locked) for dataset in hashed]
    client.log_inputs(run_id, datasets=inputs)
    read = {dataset.name: digests[dataset.path] for dataset in hashed if dataset.context == "input"}
    set_tags(client, run_id, _producer_tags(client, run_id, read))


def dvc_digests(project: Path, paths: Iterable[Path]) -> dict[Path, str]:
    """Return DVC's hash of each file or folder (`….dir`); DVC does not read again what it has hashed before.

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
        logger.warning("%s holds a file name that is not UTF-8, which DVC cannot version. Rename the file.", path)
        return None
    return str(built.hash_info.value)


def producing_run(client: "MlflowClient", experiment_id: str, digest: str) -> str | None:
    """Return the id of the latest run that wrote these bytes; None where there is none."""
    query = f"dataset.digest = '{digest}' AND dataset.context = 'output'"
    runs = client.search_runs([experiment_id], query, order_by=["attributes.start_time DESC"])
    return next((run.info.run_id for run in runs if _wrote(run, digest)), None)


def _wrote(run: "Run", digest: str) -> bool:
    """Return whether the run wrote these bytes: MLflow's query also finds a run that read them and wrote others."""
    inputs = run.inputs.dataset_inputs if run.inputs else []
    return any(
        entry.dataset.digest == digest and any((tag.key, tag.value) == (_CONTEXT, "output") for tag in entry.tags)
        for entry in inputs
    )


def _producer_tags(client: "MlflowClient", run_id: str, read: Mapping[str, str]) -> dict[str, str]:
    experiment_id = client.get_run(run_id).info.experiment_id
    runs = {name: producing_run(client, experiment_id, digest) for name, digest in read.items()}
    # Under DVC an earlier stage of the same run may have produced it.
    return {f"produced_by.{name}": run for name, run in runs.items() if run not in (None, run_id)}


def _read_lock(project: Path) -> dict[str, tuple[str, str]]:
    """Return path → (stage, md5) of the outputs in dvc.lock."""
    lock = project / "dvc.lock"
    stages: dict[str, Any] = (
        (yaml.load(lock.read_text(encoding="utf-8"), Loader=_LOADER) or {}).get("stages", {}) if lock.is_file() else {}
    )
    outs = ((stage, out) for stage, values in stages.items() for out in values.get("outs", ()))
    return {out["path"]: (stage, out.get("md5", "")) for stage, out in outs}


def _mlflow_input(
    dataset: TrackedDataset, digest: str, project: Path, locked: Mapping[str, tuple[str, str]]
) -> "DatasetInput":
    from mlflow.entities import Dataset, DatasetInput, InputTag

    path = Path(os.path.relpath(dataset.path, project)).as_posix()
    stage, md5 = locked.get(path, ("", ""))
    tags = {_CONTEXT: dataset.context, "path": path, "stage": stage or os.environ.get("DVC_STAGE", "")}
    if "DVC_STAGE" not in os.environ or dataset.context == "input":  # DVC locks a stage's outputs after the stage
        tags["equals_dvc_lock"] = str(md5 == digest).lower() if md5 else "unknown"
    entry = Dataset(dataset.name, digest, "local", json.dumps({"uri": path}))
    return DatasetInput(entry, [InputTag(name, value) for name, value in tags.items()])
