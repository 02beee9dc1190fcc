"""One MLflow run per session, however many processes it takes and however often it is interrupted."""

import getpass
import logging
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ganops.tracking.masking import mask_command, mask_secrets
from ganops.tracking.process import ProcessIdentity, this_process

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_LOGGER = logging.getLogger(__name__)
SESSION, RESUME, OWNER, ERROR = "ganops.session", "ganops.resume_key", "ganops.owner", "error"
_LONGEST_PARAMETER, _LONGEST_TAG = 6000, 5000
_PARAMETERS_A_BATCH = 100


def join_run(
    client: "MlflowClient",
    experiment_id: str,
    *,
    session: str,
    resume: str,
    name: str,
    materials: Mapping[str, str] | None = None,
) -> str:
    """The id of the run to write to, marked as this process's own.

    It is the session's run; else the latest unfinished run of the same work whose process has ended; else a new one.
    MLflow forgets no point of a curve: a run of other data would show the first training's curves as the second's.

    Args:
        client: of the tracking store.
        experiment_id: where to look and to create.
        session: `process.session_key`.
        resume: `parameters.resume_key`.
        name: of a new run; a run that is joined keeps its own.
        materials: `materials.material_tags` of what is read; a run that has others is of other data.
    """
    abandoned = _close_abandoned(client, experiment_id)
    run = _of_session(client, experiment_id, session) or _unfinished(client, experiment_id, resume, materials or {})
    for dead in abandoned:
        taken_up = run is not None and run.info.run_id == dead.info.run_id
        then = "This run resumes it." if taken_up else "Repeat its command to resume it."
        _LOGGER.warning("%s %s", _describe_end(client, dead), then)
    ours = {SESSION: session, RESUME: resume, OWNER: str(this_process()), **(materials or {})}
    if run is None:
        # MlflowClient instead of mlflow.start_run: the latter asks IPython for its notebook, 0.4 s.
        return client.create_run(experiment_id, tags={**_system_tags(), **ours}, run_name=name).info.run_id
    client.update_run(run.info.run_id, status="RUNNING")
    if ERROR in run.data.tags:
        client.delete_tag(run.info.run_id, ERROR)
    set_tags(client, run.info.run_id, ours)
    return run.info.run_id


def _of_session(client: "MlflowClient", experiment_id: str, session: str) -> "Run | None":
    found = client.search_runs([experiment_id], f"tags.`{SESSION}` = '{session}'", max_results=1)
    return next(iter(found), None)


def _unfinished(client: "MlflowClient", experiment_id: str, resume: str, materials: Mapping[str, str]) -> "Run | None":
    # RUNNING is left to those at work: `_close_abandoned` came before.
    ended = "attributes.status != 'FINISHED' AND attributes.status != 'RUNNING'"
    query = f"tags.`{RESUME}` = '{resume}' AND {ended}"
    found = client.search_runs([experiment_id], query, order_by=["attributes.start_time DESC"])
    # One that read something else, such as the raw pictures only, is taken up by who goes on with what it made.
    same = (run for run in found if all(run.data.tags.get(name, looks) == looks for name, looks in materials.items()))
    return next(same, None)


def _close_abandoned(client: "MlflowClient", experiment_id: str) -> "list[Run]":
    """What ended by SIGKILL or a power cut could not say so itself, and would stay RUNNING for ever."""
    running = client.search_runs([experiment_id], f"attributes.status = 'RUNNING' AND tags.`{OWNER}` != ''")
    dead = [run for run in running if not ProcessIdentity.parse(run.data.tags[OWNER]).may_be_alive()]
    for run in dead:
        client.set_terminated(run.info.run_id, "KILLED")
    return dead


def _describe_end(client: "MlflowClient", run: "Run") -> str:
    """Describe a run that ended without closing, and how far it had come."""
    began = datetime.fromtimestamp(run.info.start_time / 1000).strftime("%Y-%m-%d %H:%M:%S")
    losses = sorted(name for name in run.data.metrics if name.startswith("loss/"))[:1]
    steps = [point.step for name in losses for point in client.get_metric_history(run.info.run_id, name)]
    seen = f", last logged at {max(steps):,} images," if steps else ""
    return (
        f"Run {run.info.run_name}, started {began}{seen} ended without closing (kill -9, a crash or a power cut) "
        "and is now marked KILLED."
    )


def _system_tags() -> dict[str, str]:
    """What mlflow.start_run would have set."""
    tags = {"mlflow.source.type": "LOCAL", "mlflow.source.name": mask_command(sys.argv)[:_LONGEST_TAG]}
    with suppress(OSError, KeyError, ImportError):  # a container's user may have no name
        tags["mlflow.user"] = getpass.getuser()
    return tags


def run_name(parameters: Mapping[str, Any], environment: str, commit: str, *, is_comparison: bool = False) -> str:
    """The DVC experiment's name, else `<recipe>-<environment>-<commit>`; of a comparison that instead of a recipe."""
    parts = ["comparison" if is_comparison else parameters.get("training.recipe"), environment, commit[:7]]
    return os.environ.get("DVC_EXP_NAME") or "-".join(str(part) for part in parts if part)


def log_parameters(client: "MlflowClient", run_id: str, values: Mapping[str, Any]) -> None:
    """Log what the run does not have yet. MLflow lets no parameter change: a later difference becomes a tag."""
    from mlflow.entities import Param

    known = client.get_run(run_id).data.params
    texts = {name: mask_secrets(str(value))[:_LONGEST_PARAMETER] for name, value in values.items()}
    new = [Param(name, text) for name, text in texts.items() if name not in known]
    for first in range(0, len(new), _PARAMETERS_A_BATCH):
        client.log_batch(run_id, params=new[first : first + _PARAMETERS_A_BATCH])
    changed = {f"changed.{name}": text for name, text in texts.items() if known.get(name, text) != text}
    set_tags(client, run_id, changed)


def set_tags(client: "MlflowClient", run_id: str, tags: Mapping[str, Any]) -> None:
    """Set all in one transaction."""
    from mlflow.entities import RunTag

    if tags:
        client.log_batch(
            run_id, tags=[RunTag(name, mask_secrets(str(value))[:_LONGEST_TAG]) for name, value in tags.items()]
        )
