"""The run that a process writes to, and what it records there."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from mlflow import MlflowClient

from ganops.tracking.run_session import (
    ERROR,
    OWNER,
    ProcessIdentity,
    data_fingerprints,
    join_run,
    log_parameters,
    run_name,
    session_key,
    set_tags,
    this_process,
)


def _ended_process() -> ProcessIdentity:
    process = subprocess.Popen([sys.executable, "-c", ""])
    identity = ProcessIdentity.of(psutil.Process(process.pid))
    process.wait()
    return identity


def test_a_session_has_one_run_and_another_session_another(client: MlflowClient, experiment_id: str) -> None:
    first = join_run(client, experiment_id, session="a", resume="work", name="first")
    client.set_terminated(first)
    again = join_run(client, experiment_id, session="a", resume="work", name="ignored")
    other = join_run(client, experiment_id, session="b", resume="work", name="other")
    assert again == first != other
    assert client.get_run(first).info.run_name == "first"
    assert client.get_run(first).info.status == "RUNNING"


def test_a_killed_run_is_resumed_by_the_same_work_alone(client: MlflowClient, experiment_id: str) -> None:
    killed = join_run(client, experiment_id, session="a", resume="work", name="first")
    set_tags(client, killed, {ERROR: "what happened"})
    client.set_terminated(killed, "KILLED")
    assert join_run(client, experiment_id, session="b", resume="other work", name="second") != killed
    assert join_run(client, experiment_id, session="c", resume="work", name="third") == killed
    assert ERROR not in client.get_run(killed).data.tags


def test_a_running_run_is_left_alone(client: MlflowClient, experiment_id: str) -> None:
    running = join_run(client, experiment_id, session="a", resume="work", name="first")
    assert join_run(client, experiment_id, session="b", resume="work", name="second") != running


def test_a_run_whose_process_is_gone_is_closed_and_resumed(client: MlflowClient, experiment_id: str) -> None:
    abandoned = join_run(client, experiment_id, session="a", resume="work", name="first")
    set_tags(client, abandoned, {OWNER: str(_ended_process())})
    join_run(client, experiment_id, session="b", resume="other work", name="second")
    assert client.get_run(abandoned).info.status == "KILLED"
    assert join_run(client, experiment_id, session="c", resume="work", name="third") == abandoned


def test_a_run_of_another_machine_is_never_closed(client: MlflowClient, experiment_id: str) -> None:
    remote = join_run(client, experiment_id, session="a", resume="work", name="first")
    set_tags(client, remote, {OWNER: "elsewhere/1/0.00"})
    assert join_run(client, experiment_id, session="b", resume="work", name="second") != remote
    assert client.get_run(remote).info.status == "RUNNING"


def test_an_identity_survives_its_text_and_a_reused_process_id_differs() -> None:
    ours = this_process()
    assert ProcessIdentity.parse(str(ours)).may_be_alive()
    assert not ProcessIdentity(ours.host, ours.pid, ours.started - 100).may_be_alive()


def test_under_dvc_the_key_is_the_nearest_process_outside_the_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process stands for DVC: the child has DVC_STAGE in its environment, this process does not."""
    code = "from ganops.tracking.run_session import session_key; print(session_key('kedro session'))"
    environment = {**os.environ, "DVC_STAGE": "training", "DVC_EXP_NAME": "warm-sea"}
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}], check=True)"
    for script in (code, nested):
        child = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        assert child.stdout.strip() == f"{this_process()}/warm-sea"


def test_outside_dvc_each_session_of_kedro_has_its_own_key() -> None:
    assert session_key("one") != session_key("two")
    assert session_key("one") == session_key("one")


def test_a_changed_parameter_becomes_a_tag(client: MlflowClient, experiment_id: str) -> None:
    run_id = client.create_run(experiment_id).info.run_id
    log_parameters(client, run_id, {f"group.key_{index}": index for index in range(150)})
    log_parameters(client, run_id, {"group.key_3": 4, "group.new": "x" * 7000})
    run = client.get_run(run_id)
    assert len(run.data.params) == 151
    assert run.data.params["group.key_3"] == "3"
    assert run.data.tags["changed.group.key_3"] == "4"
    assert "changed.group.key_4" not in run.data.tags


def test_a_run_is_named_by_recipe_environment_and_commit_or_by_its_experiment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_name("vae", "smoke", "0123456789") == "vae-smoke-0123456"
    assert run_name(None, "smoke", "") == "smoke"
    assert run_name("comparison", "smoke", "0123456789") == "comparison-smoke-0123456"
    monkeypatch.setenv("DVC_EXP_NAME", "warm-sea")
    assert run_name("vae", "smoke", "0123456789") == "warm-sea"


def test_no_record_of_a_run_holds_a_secret(
    client: MlflowClient, experiment_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_TOKEN", "sesame-sesame")
    monkeypatch.setattr(sys, "argv", ["kedro", "run", "--params", "training.seed=sesame", "--env", "smoke"])
    run_id = join_run(client, experiment_id, session="a", resume="work", name="first")
    log_parameters(client, run_id, {"source": "hub:sesame-sesame", "n": 3})
    log_parameters(client, run_id, {"source": "https://me:sesame@example.org"})
    set_tags(client, run_id, {ERROR: "TrackingError: https://me:sesame@example.org says no"})
    data = client.get_run(run_id).data
    assert "sesame" not in str(data)
    assert data.tags["mlflow.source.name"] == "kedro run --params training.seed=… --env smoke"
    assert data.params == {"source": "hub:***", "n": "3"}


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS takes no file names that are not UTF-8")
def test_the_fingerprint_of_data_changes_with_names_that_are_not_utf8(tmp_path: Path) -> None:
    """Such names come from an old zip."""
    tags = []
    for name in (b"caf\xe9.png", b"caf\xe8.png"):
        file = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))  # noqa: PTH118
        file.write_bytes(b"1")
        os.utime(file, (0, 0))
        tags.append(data_fingerprints({"raw_pictures": tmp_path})["data_fingerprint.raw_pictures"])
        file.unlink()
    assert tags[0] != tags[1]
