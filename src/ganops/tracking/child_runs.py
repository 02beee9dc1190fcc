"""Child runs: parts of a run with curves of their own, as a variant of a comparison or a new attempt of a training.

A part is known by its tags: when its run is taken up again, so is the child's, and no second one is made.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ganops.tracking.best_effort import best_effort
from ganops.tracking.process import this_process
from ganops.tracking.run import ERROR, OWNER, set_tags

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

PARENT = "mlflow.parentRunId"  # by which MLflow's table of runs folds the children below their parent
_INHERITED = ("environment", "git.dirty", "git.problem")
_INHERITED_GROUPS = ("mlflow.source.", "mlflow.user")


def find_child(client: "MlflowClient", parent_id: str, tags: Mapping[str, str]) -> "Run | None":
    """The latest child of the run that has these tags; None where there is none."""
    # Values are compared here: one with a quotation mark would end MLflow's query.
    found = (run for run in children_of(client, parent_id) if tags.items() <= run.data.tags.items())
    return next(found, None)


def children_of(client: "MlflowClient", parent_id: str) -> "list[Run]":
    """All, the latest first."""
    experiment_id = client.get_run(parent_id).info.experiment_id
    return list(client.search_runs([experiment_id], f"tags.`{PARENT}` = '{parent_id}'"))


def open_child_run(client: "MlflowClient", parent_id: str, name: str, tags: Mapping[str, str]) -> str:
    """The id of the child with these tags, that is there or new; now RUNNING, and marked as this process's own.

    A new one says of code and environment what its parent says.
    """
    child, ours = find_child(client, parent_id, tags), {**tags, OWNER: str(this_process())}
    if child is None:
        parent = client.get_run(parent_id)
        of_parent = {key: text for key, text in parent.data.tags.items() if _is_inherited(key)}
        told = {**of_parent, **ours, PARENT: parent_id}
        return client.create_run(parent.info.experiment_id, tags=told, run_name=name).info.run_id
    client.update_run(child.info.run_id, status="RUNNING")
    if ERROR in child.data.tags:
        client.delete_tag(child.info.run_id, ERROR)
    set_tags(client, child.info.run_id, ours)
    return child.info.run_id


@contextmanager
def child_run(client: "MlflowClient", parent_id: str, name: str, tags: Mapping[str, str]) -> Iterator[str]:
    """Open a child run and end it truthfully: FINISHED, KILLED by an interruption, or FAILED with its error as a tag.

    A process that is killed outright says nothing; the next session of the project closes what it left.
    """
    run_id = open_child_run(client, parent_id, name, tags)
    try:
        yield run_id
    except (KeyboardInterrupt, SystemExit):
        _end(client, run_id, "KILLED")
        raise
    except BaseException as error:
        message = f"{type(error).__name__}: {error}"
        best_effort("The child run does not say why it failed", lambda: set_tags(client, run_id, {ERROR: message}))
        _end(client, run_id, "FAILED")
        raise
    _end(client, run_id, "FINISHED")


def _end(client: "MlflowClient", run_id: str, status: str) -> None:
    best_effort(f"The child run is not marked as {status}", lambda: client.set_terminated(run_id, status))


def _is_inherited(tag: str) -> bool:
    return tag in _INHERITED or tag.startswith(_INHERITED_GROUPS)
