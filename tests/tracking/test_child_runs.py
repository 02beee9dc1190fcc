"""Child runs are found again, are never created twice, and end with their true status."""

import subprocess
import sys

import psutil
import pytest
from mlflow import MlflowClient

from ganops.errors import TrainingError
from ganops.tracking.child_runs import PARENT, child_run, find_child, open_child_run
from ganops.tracking.run_session import ERROR, OWNER, ProcessIdentity, join_run, set_tags


@pytest.fixture
def parent(client: MlflowClient, experiment_id: str) -> str:
    run_id = join_run(client, experiment_id, session="a", resume="work", name="parent")
    set_tags(client, run_id, {"environment": "smoke", "mlflow.source.git.commit": "abc", "fingerprint": "own"})
    return run_id


def test_a_child_has_its_parents_tags_of_code_and_environment(client: MlflowClient, parent: str) -> None:
    with child_run(client, parent, "vae", {"variant": "vae"}) as run_id:
        assert client.get_run(run_id).info.status == "RUNNING"
    run = client.get_run(run_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "vae")
    tags = {key: run.data.tags.get(key) for key in (PARENT, "variant", "environment", "mlflow.source.git.commit")}
    assert list(tags.values()) == [parent, "vae", "smoke", "abc"]
    assert not {"fingerprint", "ganops.session", "ganops.resume_key"} & set(run.data.tags), (
        "these belong to the parent alone"
    )


def test_a_child_is_found_by_its_tags_among_the_children_of_its_parent(
    client: MlflowClient, experiment_id: str, parent: str
) -> None:
    other = client.create_run(experiment_id).info.run_id
    first, second = (open_child_run(client, parent, name, {"variant": name}) for name in ("it's", 'a "b"'))
    foreign = open_child_run(client, other, "it's", {"variant": "it's"})
    assert len({first, second, foreign}) == 3
    assert open_child_run(client, parent, "ignored", {"variant": "it's"}) == first
    assert open_child_run(client, parent, "it's", {"variant": "it's", "attempt": "1"}) not in (first, second)
    assert find_child(client, parent, {"variant": "third"}) is None


@pytest.mark.parametrize(
    ("raised", "status"),
    [(KeyboardInterrupt(), "KILLED"), (SystemExit(143), "KILLED"), (ValueError("it broke"), "FAILED")],
)
def test_a_child_ends_with_its_true_status_and_is_resumed(
    client: MlflowClient, parent: str, raised: BaseException, status: str
) -> None:
    with pytest.raises(type(raised)), child_run(client, parent, "vae", {"variant": "vae"}) as first:
        raise raised
    run = client.get_run(first)
    assert run.info.status == status
    assert run.data.tags.get(ERROR) == ("ValueError: it broke" if status == "FAILED" else None)
    with child_run(client, parent, "vae", {"variant": "vae"}) as again:
        assert client.get_run(again).info.status == "RUNNING"
    assert again == first
    assert client.get_run(again).info.status == "FINISHED"
    assert ERROR not in client.get_run(again).data.tags


def test_the_next_session_closes_the_child_of_a_killed_process(
    client: MlflowClient, experiment_id: str, parent: str
) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    gone = ProcessIdentity.of(psutil.Process(process.pid))
    process.wait()
    child = open_child_run(client, parent, "vae", {"variant": "vae"})
    set_tags(client, child, {OWNER: str(gone)})
    join_run(client, experiment_id, session="b", resume="other work", name="next")
    assert client.get_run(child).info.status == "KILLED"


def test_a_locked_store_at_the_end_hides_no_error(client: MlflowClient, parent: str, monkeypatch) -> None:
    monkeypatch.setattr("ganops.tracking.best_effort._PAUSE_SECONDS", 0.0)
    error = TrainingError("loss", expected="finite values", received="nan", remedy="Lower the rate.")

    def locked(*arguments: object) -> None:
        raise OSError("database is locked")

    open_child_run(client, parent, "vae", {"variant": "vae"})
    monkeypatch.setattr(client, "set_terminated", locked)
    with pytest.raises(TrainingError), child_run(client, parent, "vae", {"variant": "vae"}):
        raise error
