"""Child runs: parts of a run with their own curves, such as a variant of a comparison or an attempt of a training.

A part is identified by its tags: a resumed run finds its children again and creates no second one.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ganops.tracking.best_effort import best_effort
from ganops.tracking.run_session import ERROR, OWNER, reopen_run, set_tags, this_process

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

PARENT = "mlflow.parentRunId"  # MLflow's table of runs folds the children below their parent by it
_INHERITED = ("environment", "git.dirty", "git.problem")
_INHERITED_GROUPS = ("mlflow.source.", "mlflow.user")


def find_child(client: "MlflowClient", parent_id: str, tags: Mapping[str, str]) -> "Run | None":
    """Return the latest child of a run with these tags; None where there is none."""
    # Values are compared here, because a quotation mark would end MLflow's query.
    found = (run for run in list_children(client, parent_id) if tags.items() <= run.data.tags.items())
    return next(found, None)


def list_children(client: "MlflowClient", parent_id: str) -> "list[Run]":
    """Return all children of a run, the latest first."""
    experiment_id = client.get_run(parent_id).info.experiment_id
    return list(client.search_runs([experiment_id], f"tags.`{PARENT}` = '{parent_id}'"))


def open_child_run(client: "MlflowClient", parent_id: str, name: str, tags: Mapping[str, str]) -> str:
    """Find the child with these tags, or create it with its parent's tags of code and environment.

    Returns:
        The id of the child, which is RUNNING and tagged with this process as its owner.
    """
    child, own_tags = find_child(client, parent_id, tags), {**tags, OWNER: str(this_process())}
    if child is not None:
        reopen_run(client, child, own_tags)
        return child.info.run_id
    parent = client.get_run(parent_id)
    inherited = {key: text for key, text in parent.data.tags.items() if _is_inherited(key)}
    all_tags = {**inherited, **own_tags, PARENT: parent_id}
    return client.create_run(parent.info.experiment_id, tags=all_tags, run_name=name).info.run_id


@contextmanager
def child_run(client: "MlflowClient", parent_id: str, name: str, tags: Mapping[str, str]) -> Iterator[str]:
    """Open a child run; it ends as FINISHED, as KILLED by an interruption, or as FAILED with its error as a tag.

    A process that SIGKILL ends leaves it RUNNING; the next session of the project closes it.
    """
    run_id = open_child_run(client, parent_id, name, tags)
    try:
        yield run_id
    except (KeyboardInterrupt, SystemExit):
        _end(client, run_id, "KILLED")
        raise
    except BaseException as error:
        message = f"{type(error).__name__}: {error}"
        best_effort("Could not record the error of the child run", lambda: set_tags(client, run_id, {ERROR: message}))
        _end(client, run_id, "FAILED")
        raise
    _end(client, run_id, "FINISHED")


def _end(client: "MlflowClient", run_id: str, status: str) -> None:
    best_effort(f"Could not mark the child run as {status}", lambda: client.set_terminated(run_id, status))


def _is_inherited(tag: str) -> bool:
    return tag in _INHERITED or tag.startswith(_INHERITED_GROUPS)
