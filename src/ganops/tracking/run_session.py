"""One MLflow run per session, however many processes it takes and however often it is interrupted.

A run is found again by its tags: by the session key within one session, and by the resume key and the fingerprints of
the input data after an interruption.
"""

import getpass
import hashlib
import logging
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from ganops.code_digest import training_digest
from ganops.files import read_errors, read_regular
from ganops.tracking.masking import mask_command, mask_secrets

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

logger = logging.getLogger(__name__)

SESSION = "ganops.session"
RESUME = "ganops.resume_key"
OWNER = "ganops.owner"
DATA_FINGERPRINT = "data_fingerprint."
ERROR = "error"
_LONGEST_PARAMETER, _LONGEST_TAG = 6000, 5000
_PARAMETERS_A_BATCH = 100
_CLOCK_TOLERANCE_SECONDS = 2.0  # psutil derives start times from the boot time, which the clock's corrections move


def active_run_id() -> str:
    """Return the id of the MLflow run that is active in this process; empty where there is none."""
    mlflow = sys.modules.get("mlflow")  # never imported: no run
    active = mlflow.active_run() if mlflow else None
    return active.info.run_id if active else ""


def join_run(
    client: "MlflowClient",
    experiment_id: str,
    *,
    session: str,
    resume: str,
    name: str,
    data: Mapping[str, str] | None = None,
) -> str:
    """Return the id of the run to write to, which is RUNNING and tagged with this process as its owner.

    It is the run of the session; else the latest unfinished run of the same work whose process has ended; else a new
    one. MLflow deletes no point of a curve: in a run of other data the curves would begin with the first data's points.

    Args:
        client: of the tracking store.
        experiment_id: the experiment of the run.
        session: `session_key`.
        resume: `resume_key`.
        name: of a new run; a run that is joined keeps its own.
        data: `data_fingerprints` of the inputs; a run with another fingerprint of one of them is not joined.
    """
    abandoned = _close_abandoned(client, experiment_id)
    run = _find_session_run(client, experiment_id, session) or _find_unfinished(client, experiment_id, resume, data)
    for dead in abandoned:
        joined = run is not None and run.info.run_id == dead.info.run_id
        advice = "This run resumes it." if joined else "Repeat its command to resume it."
        logger.warning("%s %s", _describe_end(client, dead), advice)
    tags = {SESSION: session, RESUME: resume, OWNER: str(this_process()), **(data or {})}
    if run is None:
        # MlflowClient instead of mlflow.start_run: the latter asks IPython for its notebook, 0.4 s.
        return client.create_run(experiment_id, tags={**_system_tags(), **tags}, run_name=name).info.run_id
    reopen_run(client, run, tags)
    return run.info.run_id


def reopen_run(client: "MlflowClient", run: "Run", tags: Mapping[str, str]) -> None:
    """Set an ended run to RUNNING, with these tags and without its error."""
    client.update_run(run.info.run_id, status="RUNNING")
    if ERROR in run.data.tags:
        client.delete_tag(run.info.run_id, ERROR)
    set_tags(client, run.info.run_id, tags)


def _find_session_run(client: "MlflowClient", experiment_id: str, session: str) -> "Run | None":
    found = client.search_runs([experiment_id], f"tags.`{SESSION}` = '{session}'", max_results=1)
    return next(iter(found), None)


def _find_unfinished(
    client: "MlflowClient", experiment_id: str, resume: str, data: Mapping[str, str] | None
) -> "Run | None":
    # A RUNNING run belongs to a living process: `_close_abandoned` came before.
    ended = "attributes.status != 'FINISHED' AND attributes.status != 'RUNNING'"
    query = f"tags.`{RESUME}` = '{resume}' AND {ended}"
    found = client.search_runs([experiment_id], query, order_by=["attributes.start_time DESC"])
    return next((run for run in found if _has_same_data(run, data or {})), None)


def _has_same_data(run: "Run", data: Mapping[str, str]) -> bool:
    """Return whether no data set has another fingerprint; a run without a tag did not read that data set."""
    return all(run.data.tags.get(name, fingerprint) == fingerprint for name, fingerprint in data.items())


def _close_abandoned(client: "MlflowClient", experiment_id: str) -> "list[Run]":
    """Mark runs whose process is gone as KILLED: after SIGKILL or a power cut they would stay RUNNING for ever."""
    running = client.search_runs([experiment_id], f"attributes.status = 'RUNNING' AND tags.`{OWNER}` != ''")
    dead = [run for run in running if not ProcessIdentity.parse(run.data.tags[OWNER]).may_be_alive()]
    for run in dead:
        client.set_terminated(run.info.run_id, "KILLED")
    return dead


def _describe_end(client: "MlflowClient", run: "Run") -> str:
    started = datetime.fromtimestamp(run.info.start_time / 1000).strftime("%Y-%m-%d %H:%M:%S")
    losses = sorted(name for name in run.data.metrics if name.startswith("loss/"))[:1]
    steps = [point.step for name in losses for point in client.get_metric_history(run.info.run_id, name)]
    progress = f", last logged at {max(steps):,} images," if steps else ""
    return (
        f"Run {run.info.run_name}, started {started}{progress} ended without closing (kill -9, a crash or a power cut) "
        "and is now marked KILLED."
    )


def _system_tags() -> dict[str, str]:
    """Return the tags that mlflow.start_run would have set."""
    tags = {"mlflow.source.type": "LOCAL", "mlflow.source.name": mask_command(sys.argv)[:_LONGEST_TAG]}
    with suppress(OSError, KeyError, ImportError):  # a container's user may have no name
        tags["mlflow.user"] = getpass.getuser()
    return tags


def run_name(recipe: str | None, environment: str, commit: str) -> str:
    """Return the DVC experiment's name, else `<recipe>-<environment>-<commit>` of what is known.

    Args:
        recipe: of the training, or "comparison"; None where nothing is trained.
        environment: the data set.
        commit: the full sha; empty where there is none.
    """
    parts = [recipe, environment, commit[:7]]
    return os.environ.get("DVC_EXP_NAME") or "-".join(part for part in parts if part)


def log_parameters(client: "MlflowClient", run_id: str, values: Mapping[str, Any]) -> None:
    """Log the parameters that the run does not have yet; a changed value becomes a tag, since MLflow changes none."""
    from mlflow.entities import Param

    known = client.get_run(run_id).data.params
    texts = {name: mask_secrets(str(value))[:_LONGEST_PARAMETER] for name, value in values.items()}
    new = [Param(name, text) for name, text in texts.items() if name not in known]
    for first in range(0, len(new), _PARAMETERS_A_BATCH):
        client.log_batch(run_id, params=new[first : first + _PARAMETERS_A_BATCH])
    changed = {f"changed.{name}": text for name, text in texts.items() if known.get(name, text) != text}
    set_tags(client, run_id, changed)


def set_tags(client: "MlflowClient", run_id: str, tags: Mapping[str, Any]) -> None:
    """Set all tags in one transaction, without secrets."""
    from mlflow.entities import RunTag

    if tags:
        client.log_batch(
            run_id, tags=[RunTag(name, mask_secrets(str(value))[:_LONGEST_TAG]) for name, value in tags.items()]
        )


def resume_key(environment: str, parameters: Mapping[str, Any]) -> str:
    """Return the sha256 of what makes two runs the same work, where their data are the same too.

    That is the environment, the parameters, the content of the file that training.continue_from names, the source that
    trains, and the version of torch.
    """
    continued = [name for name in sorted(parameters) if name.endswith(".continue_from") and parameters[name]]
    lines = [
        environment,
        *(f"{name}={parameters[name]!r}" for name in sorted(parameters)),
        *(f"{name}: {_file_digest(Path(parameters[name]))}" for name in continued),
        training_digest(),
        version("torch"),
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _file_digest(path: Path) -> str:
    """Return the sha256 of a file; empty where it cannot be read, which the training reports itself."""
    try:
        return hashlib.sha256(read_regular(path)).hexdigest()
    except OSError:
        return ""


def data_fingerprints(paths: Mapping[str, Path]) -> dict[str, str]:
    """Return tag → fingerprint of each input data set (names, sizes and times of its files), by name and path.

    It decides whether an interrupted run can be resumed; reading all bytes would take minutes.

    Raises:
        StorageError: a folder may not be entered.
    """
    return {f"{DATA_FINGERPRINT}{name}": _stat_digest(path) for name, path in paths.items()}


def _stat_digest(path: Path) -> str:
    lines = []
    with read_errors(path):
        for folder, _, files in os.walk(path):
            for name in files:
                file = Path(folder, name)
                status = file.stat() if file.exists() else file.lstat()  # a link to nothing
                lines.append(f"{file.relative_to(path).as_posix()} {status.st_size} {status.st_mtime_ns}")
    # Names in the system's bytes, which need not be UTF-8.
    return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True)
class ProcessIdentity:
    """One process of one machine; as text `host/pid/seconds`. A process id alone is given out again."""

    host: str
    pid: int
    started: float

    @classmethod
    def of(cls, process: psutil.Process) -> "ProcessIdentity":
        """Return the identity of a living process."""
        return cls(socket.gethostname(), process.pid, process.create_time())

    @classmethod
    def parse(cls, text: str) -> "ProcessIdentity":
        """Return the identity that str() wrote."""
        host, pid, started = text.rsplit("/", 2)
        return cls(host, int(pid), float(started))

    def __str__(self) -> str:
        return f"{self.host}/{self.pid}/{self.started:.2f}"

    def may_be_alive(self) -> bool:
        """Return False only where the process is known to have ended; of another machine nothing is known."""
        if self.host != socket.gethostname():
            return True
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < _CLOCK_TOLERANCE_SECONDS
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def this_process() -> ProcessIdentity:
    """Return the identity of the running process."""
    return ProcessIdentity.of(psutil.Process())


def session_key(kedro_session: str) -> str:
    """Return a text that is equal in all processes of one MLflow run.

    Under DVC each stage is a process of its own; they share the DVC command above them and the experiment's name.
    Elsewhere a session of Kedro is one run, and a process (a notebook) may hold several.
    """
    if "DVC_STAGE" not in os.environ:
        return f"{this_process()}/{kedro_session}"
    return f"{ProcessIdentity.of(_dvc_ancestor())}/{os.environ.get('DVC_EXP_NAME', '')}"


def dvc_command() -> psutil.Process | None:
    """Return the `dvc` command that started this process; None outside a stage, and below a notebook or a server."""
    if "DVC_STAGE" not in os.environ:
        return None
    process = _dvc_ancestor()
    try:  # `dvc …`, `python /path/to/dvc …`, `python -m dvc …`
        return process if "dvc" in [Path(word).stem for word in process.cmdline()[:3]] else None
    except psutil.Error:
        return None


def _dvc_ancestor() -> psutil.Process:
    """Return the nearest ancestor that was started without DVC_STAGE, which DVC sets for what it starts."""
    ancestors = psutil.Process().parents()
    return next((process for process in ancestors if not _is_inside_stage(process)), ancestors[-1])


def _is_inside_stage(process: psutil.Process) -> bool:
    try:
        return "DVC_STAGE" in process.environ()
    except psutil.AccessDenied:
        return False
