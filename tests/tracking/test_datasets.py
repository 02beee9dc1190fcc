"""What saved datasets leave in a run."""

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient

from ganops.errors import ConfigurationError
from ganops.tracking.datasets import dataset_path, log_dataset, report_metrics

REPORT = {
    "metrics": {
        "generator": {"fid_classifier": {"mean": 2.0, "sd": 0.5}, "classes_covered": 10},
        "held_out": {"fid_classifier": {"mean": 1.0, "sd": 0.1}},
        "classifier": {"accuracy_held_out": 0.98, "name": "small", "converged": True, "lost": float("nan")},
    },
    "protocol": {"n": 1000, "seeds": [1, 2, 3]},
}


def test_generator_and_floor_stand_in_charts_of_their_own() -> None:
    assert report_metrics("report", REPORT) == {
        "eval/fid_classifier": 2.0,
        "eval/fid_classifier_sd": 0.5,
        "eval/classes_covered": 10.0,
        "floor/fid_classifier": 1.0,
        "floor/fid_classifier_sd": 0.1,
        "classifier/accuracy_held_out": 0.98,
    }


def test_a_json_without_groups_goes_by_the_name_of_its_dataset() -> None:
    assert report_metrics("preparation_report", {"kept": 3, "by": {"split": 2}}) == {
        "preparation_report/kept": 3.0,
        "preparation_report/by_split": 2.0,
    }


def test_each_role_leaves_what_it_says(client: MlflowClient, experiment_id: str, tmp_path: Path) -> None:
    run_id = client.create_run(experiment_id).info.run_id
    (tmp_path / "report.json").write_text(json.dumps(REPORT))
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "weights").write_text("w")
    for name, path, role in (
        ("report", "report.json", "metrics"),
        ("settings", "report.json", "parameters"),
        ("bundle", "bundle", "artifact"),
        ("store", "bundle", "none"),
    ):
        log_dataset(client, run_id, name, {"filepath": str(tmp_path / path), "metadata": {"mlflow": role}})
    data = client.get_run(run_id).data
    assert data.metrics["eval/fid_classifier"] == 2.0
    assert data.params["protocol.n"] == "1000"
    assert data.params["settings.metrics.classifier.name"] == "small"
    assert [artifact.path for artifact in client.list_artifacts(run_id)] == ["bundle"]
    assert [artifact.path for artifact in client.list_artifacts(run_id, "bundle")] == ["bundle/weights"]


def test_an_unknown_role_is_refused(client: MlflowClient) -> None:
    with pytest.raises(ConfigurationError, match=r"metadata\.mlflow of report"):
        log_dataset(client, "any", "report", {"filepath": "/nowhere", "metadata": {"mlflow": "metric"}})


def test_only_local_files_have_a_path() -> None:
    assert dataset_path({"filepath": "/data/a.json"}) == Path("/data/a.json")
    assert dataset_path({"path": "/data/store"}) == Path("/data/store")
    assert dataset_path({"filepath": "s3://bucket/a.json"}) is None
    assert dataset_path({"type": "MemoryDataset"}) is None
