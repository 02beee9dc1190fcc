"""Child runs: found again, never doubled, and true about how they ended."""

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


def test_a_child_says_whose_it_is_and_what_code_it_ran(client: MlflowClient, parent: str) -> None:
    with child_run(client, parent, "vae", {"variant": "vae"}) as run_id:
        assert client.get_run(run_id).info.status == "RUNNING"
    run = client.get_run(run_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "vae")
    told = {key: run.data.tags.get(key) for key in (PARENT, "variant", "environment", "mlflow.source.git.commit")}
    assert list(told.values()) == [parent, "vae", "smoke", "abc"]
    assert not {"fingerprint", "ganops.session", "ganops.resume_key"} & set(run.data.tags), "those are the parent's own"


def test_a_child_is_found_by_its_tags_among_its_parents_alone(
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
def test_its_status_is_true_and_it_is_taken_up_again(
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


def test_what_a_killed_process_left_is_closed_by_the_next_session(
    client: MlflowClient, experiment_id: str, parent: str
) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    gone = ProcessIdentity.of(psutil.Process(process.pid))
    process.wait()
    child = open_child_run(client, parent, "vae", {"variant": "vae"})
    set_tags(client, child, {OWNER: str(gone)})
    join_run(client, experiment_id, session="b", resume="other work", name="next")
    assert client.get_run(child).info.status == "KILLED"


def test_a_store_that_fails_at_the_end_hides_no_error(client: MlflowClient, parent: str, monkeypatch) -> None:
    monkeypatch.setattr("ganops.tracking.best_effort._PAUSE_SECONDS", 0.0)
    error = TrainingError("loss", expected="finite values", received="nan", remedy="Lower the rate.")

    def locked(*arguments: object) -> None:
        raise OSError("database is locked")

    open_child_run(client, parent, "vae", {"variant": "vae"})
    monkeypatch.setattr(client, "set_terminated", locked)
    with pytest.raises(TrainingError), child_run(client, parent, "vae", {"variant": "vae"}):
        raise error
