"""Bytes lead to the run that produced them."""

import hashlib
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from dvc.repo import Repo
from mlflow import MlflowClient

from ganops.tracking.lineage import TrackedDataset, dvc_digests, producing_run, record_lineage


@pytest.fixture
def project(client: MlflowClient, tmp_path: Path) -> Path:
    """Return a repository of DVC with a file and a folder."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    Repo.init(str(tmp_path)).close()
    (tmp_path / "data" / "store").mkdir(parents=True)
    for name, text in (("weights", "w"), ("store/b", "2"), ("store/a", "1")):
        (tmp_path / "data" / name).write_text(text)
    return tmp_path


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def test_digests_are_those_of_dvc(project: Path) -> None:
    """A folder's is the md5 of the JSON list of its files, sorted by path."""
    weights, store = project / "data/weights", project / "data/store"
    digests = dvc_digests(project, [weights, store])
    listing = json.dumps([{"md5": _md5(text), "relpath": name} for name, text in (("a", "1"), ("b", "2"))])
    assert digests == {weights: _md5("w"), store: _md5(listing) + ".dir"}


def test_an_input_leads_to_the_run_that_wrote_it(client: MlflowClient, experiment_id: str, project: Path) -> None:
    weights = project / "data/weights"
    lock = {"stages": {"training": {"outs": [{"path": "data/weights", "md5": _md5("w")}]}}}
    (project / "dvc.lock").write_text(json.dumps(lock))
    producer, user, later = (client.create_run(experiment_id).info.run_id for _ in range(3))
    record_lineage(client, producer, project, [TrackedDataset("bundle", weights, "output")])
    card = TrackedDataset("model_card", project / "data/store", "output")
    record_lineage(client, user, project, [TrackedDataset("bundle", weights, "input"), card])
    assert producing_run(client, experiment_id, _md5("w")) == producer
    assert client.get_run(user).data.tags["produced_by.bundle"] == producer
    inputs = client.get_run(user).inputs
    assert inputs is not None
    entry, _ = inputs.dataset_inputs
    tags = {tag.key: tag.value for tag in entry.tags}
    assert (entry.dataset.name, entry.dataset.digest) == ("bundle", _md5("w"))
    assert (tags["path"], tags["stage"], tags["equals_dvc_lock"]) == ("data/weights", "training", "true")
    weights.write_text("other bytes")
    record_lineage(client, later, project, [TrackedDataset("bundle", weights, "input")])
    assert "produced_by.bundle" not in client.get_run(later).data.tags


def test_an_input_that_the_same_run_produced_has_no_producer_tag(
    client: MlflowClient, experiment_id: str, project: Path
) -> None:
    _, ours = (client.create_run(experiment_id).info.run_id for _ in range(2))
    output = TrackedDataset("bundle", project / "data/weights", "output")
    record_lineage(client, ours, project, [output])
    record_lineage(client, ours, project, [TrackedDataset("bundle", output.path, "input")])
    assert producing_run(client, experiment_id, _md5("w")) == ours
    assert "produced_by.bundle" not in client.get_run(ours).data.tags


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS takes no file names that are not UTF-8")
def test_a_folder_that_dvc_cannot_hash_is_left_out(
    client: MlflowClient, experiment_id: str, project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    raw, run_id = project / "data/raw", client.create_run(experiment_id).info.run_id
    raw.mkdir()
    Path(os.fsdecode(os.fsencode(raw) + b"/caf\xe9.png")).touch()
    datasets = [TrackedDataset("raw_pictures", raw, "input"), TrackedDataset("store", project / "data/store", "output")]
    with caplog.at_level(logging.WARNING, "ganops"):
        record_lineage(client, run_id, project, datasets)
    assert f"{raw} holds a file name that is not UTF-8, which DVC cannot version" in caplog.text
    inputs = client.get_run(run_id).inputs
    assert inputs is not None
    assert [entry.dataset.name for entry in inputs.dataset_inputs] == ["store"]


def test_a_failure_of_lineage_is_a_warning(
    client: MlflowClient, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ganops.tracking.best_effort._PAUSE_SECONDS", 0.0)
    (tmp_path / "file").write_text("outside DVC")
    with caplog.at_level(logging.WARNING, "ganops"):
        record_lineage(client, "no such run", tmp_path, [TrackedDataset("bundle", tmp_path / "file", "input")])
    assert "Could not record the lineage of the run" in caplog.text
