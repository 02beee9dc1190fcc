"""Saved datasets are logged to the run."""

import itertools
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from ganops.errors import ConfigurationError
from ganops.evaluation.report import Estimate
from ganops.tracking.dataset_logging import check_roles, dataset_path, log_dataset, log_report, report_metrics

from ..reports import make_report

REPORT = replace(
    make_report({"fid": Estimate(2.0, 0.5), "modes": 10.0, "kid": float("nan")}, {"fid": 1.0}, n=1000),
    accuracies={"held_out": 0.98},
)


def test_generator_and_floor_have_separate_charts() -> None:
    assert report_metrics(REPORT) == {
        "eval/fid_classifier": 2.0,
        "eval/fid_classifier_sd": 0.5,
        "eval/modes_classifier": 10.0,
        "floor/fid_classifier": 1.0,
        "classifier/accuracy_held_out": 0.98,
    }


def test_void_metrics_of_the_generator_are_left_out() -> None:
    report = replace(make_report({"fid": 2.0, "fwd": 0.5}, {"fid": 1.0}), trained_features=("classifier",))
    assert report_metrics(report) == {"eval/fwd": 0.5, "floor/fid_classifier": 1.0}


def test_external_samples_have_a_separate_chart() -> None:
    report = make_report({"fid": 2.0}, {"fid": 1.0}, samples_given=12, samples_fitted=0)
    assert report_metrics(report) == {"samples/fid_classifier": 2.0, "floor/fid_classifier": 1.0}


def test_each_role_logs_its_kind_of_record(client: MlflowClient, experiment_id: str, tmp_path: Path) -> None:
    run_id = client.create_run(experiment_id).info.run_id
    (tmp_path / "report.json").write_text(json.dumps(REPORT.to_json()))
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
    assert data.params["settings.classifier_accuracy.held_out"] == "0.98"
    assert [artifact.path for artifact in client.list_artifacts(run_id)] == ["bundle"]
    assert [artifact.path for artifact in client.list_artifacts(run_id, "bundle")] == ["bundle/weights"]


def test_a_curve_is_logged_once_at_its_images_seen_beside_the_mean(
    client: MlflowClient, experiment_id: str, tmp_path: Path
) -> None:
    run_id = client.create_run(experiment_id).info.run_id
    entry = {"filepath": str(tmp_path / "curve.csv"), "metadata": {"mlflow": "curves"}}
    log_report(client, run_id, REPORT)
    for rows in ("64,9.0,1\n128,3.0,4\n", "64,9.0,1\n128,3.0,4\n192,2.5,4\n"):
        (tmp_path / "curve.csv").write_text("images_seen,fid_classifier,modes\n" + rows)
        log_dataset(client, run_id, "metric_curve", entry)
    points = client.get_metric_history(run_id, "curve/fid_classifier")
    assert [(point.step, point.value) for point in points] == [(64, 9.0), (128, 3.0), (192, 2.5)]
    assert [point.step for point in client.get_metric_history(run_id, "curve/modes")] == [64, 128, 192]
    assert client.get_run(run_id).data.metrics["eval/fid_classifier"] == 2.0


@pytest.mark.parametrize(
    "entry",
    [
        {"filepath": "/nowhere", "metadata": {"mlflow": "metric"}},
        {"type": "MemoryDataset", "metadata": {"mlflow": "metrics"}},
    ],
)
def test_an_unknown_role_is_refused(entry: dict) -> None:
    check_roles({"good": {"filepath": "/nowhere", "metadata": {"mlflow": "metrics"}}, "plain": {}})
    with pytest.raises(ConfigurationError, match=r"metadata\.mlflow of report"):
        check_roles({"report": entry})


def test_a_locked_store_is_tried_again_and_then_costs_a_warning(
    client: MlflowClient,
    experiment_id: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ganops.tracking.best_effort._PAUSE_SECONDS", 0.0)
    run_id = client.create_run(experiment_id).info.run_id
    (tmp_path / "report.json").write_text(json.dumps(REPORT.to_json()))
    entry = {"filepath": str(tmp_path / "report.json"), "metadata": {"mlflow": "metrics"}}
    write, failures = client.log_batch, iter([True, False])

    def locked(*arguments: Any, **options: Any) -> None:
        if next(failures, False):
            raise MlflowException("database is locked")
        write(*arguments, **options)

    monkeypatch.setattr(client, "log_batch", locked)
    log_dataset(client, run_id, "report", entry)
    assert client.get_run(run_id).data.metrics["eval/fid_classifier"] == 2.0
    assert caplog.messages == []
    failures = itertools.repeat(True)
    with caplog.at_level(logging.WARNING, "ganops"):
        log_dataset(client, run_id, "report", entry)
    assert "Could not log the saved dataset report to MLflow: database is locked" in caplog.text


def test_only_local_files_have_a_path() -> None:
    assert dataset_path({"filepath": "/data/a.json"}) == Path("/data/a.json")
    assert dataset_path({"path": "/data/store"}) == Path("/data/store")
    assert dataset_path({"filepath": "s3://bucket/a.json"}) is None
    assert dataset_path({"type": "MemoryDataset"}) is None
