"""Log saved datasets to the run, as the catalog's `metadata: {mlflow: artifact | metrics | curves | …}` says.

kedro-mlflow's datasets (MlflowArtifactDataset, MlflowMetricsHistoryDataset, …) are not used: DVC must see plain paths
in the catalog, a run must end well where MLflow does not answer, and curves are written in one request.
"""

import csv
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganops.errors import ConfigurationError
from ganops.parameters import flatten
from ganops.tracking.best_effort import best_effort
from ganops.tracking.run_session import log_parameters

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from ganops.evaluation.report import Report

# Subject of the report → group of charts in the UI.
_CHARTS = {"generator": "eval", "samples": "samples", "held_out": "floor"}
_X = "images_seen"


def dataset_path(entry: Mapping[str, Any]) -> Path | None:
    """Return the path of a catalog entry, as it stands there; None for anything but a local file or folder."""
    written = entry.get("filepath") or entry.get("path")
    return Path(written) if isinstance(written, str) and "://" not in written else None


def check_roles(entries: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise ConfigurationError where a role is unknown, or stands on a dataset without a path."""
    for name, entry in entries.items():
        role = _role(entry)
        if role != "none" and (role not in _LOGGERS or dataset_path(entry) is None):
            raise _unknown_role(name, role)


def log_dataset(client: "MlflowClient", run_id: str, name: str, entry: Mapping[str, Any]) -> None:
    """Log a dataset that was just saved; a failure is a warning, since the data are worth more than their record."""
    log, path = _LOGGERS.get(_role(entry)), dataset_path(entry)
    if log is not None and path is not None:
        best_effort(f"Could not log the saved dataset {name} to MLflow", lambda: log(client, run_id, name, path))


def report_metrics(report: "Report") -> dict[str, float]:
    """Return `chart/metric` → finite value of a report: `eval/fid_classifier`, `eval/fid_classifier_sd`, `floor/…`.

    A void metric of the generator is left out, so that no comparison of runs ranks by it.
    """
    values = {f"classifier/accuracy_{split}": share for split, share in report.accuracies.items()}
    valid = {name: estimate for name, estimate in report.metrics.items() if not report.is_void(name)}
    for chart, estimates in ((_CHARTS[report.subject], valid), (_CHARTS["held_out"], report.held_out)):
        for name, estimate in estimates.items():
            key = f"{chart}/{report.protocol.qualify(name)}"
            values[key] = estimate.mean
            if estimate.sd is not None:
                values[f"{key}_sd"] = estimate.sd
    return {key: value for key, value in values.items() if math.isfinite(value)}


def _role(entry: Mapping[str, Any]) -> str:
    return (entry.get("metadata") or {}).get("mlflow", "none")


def _log_artifact(client: "MlflowClient", run_id: str, name: str, path: Path) -> None:
    if path.is_dir():
        client.log_artifacts(run_id, str(path), path.name)
    else:
        client.log_artifact(run_id, str(path))


def _log_metrics(client: "MlflowClient", run_id: str, name: str, path: Path) -> None:
    from ganops.evaluation.report import Report

    log_report(client, run_id, Report.from_json(json.loads(path.read_text(encoding="utf-8"))))


def log_report(client: "MlflowClient", run_id: str, report: "Report") -> None:
    """Log the metrics and the protocol of a report."""
    from mlflow.entities import Metric
    from mlflow.utils.time import get_current_time_millis

    now = get_current_time_millis()
    metrics = [Metric(key, value, now, 0) for key, value in report_metrics(report).items()]
    client.log_batch(run_id, metrics=metrics)
    log_parameters(client, run_id, flatten({"protocol": report.protocol.to_json()}))


def log_curves(client: "MlflowClient", run_id: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Log points `curve/<metric>` at their images seen, without those up to the last one stored.

    Not `eval/…`: that is the mean over the evaluation seeds, and comparisons use a run's last value of a metric.
    """
    from mlflow.entities import Metric
    from mlflow.utils.time import get_current_time_millis

    now, last = get_current_time_millis(), dict[str, int]()
    stored = client.get_run(run_id).data.metrics
    points = [
        Metric(f"curve/{name}", float(row[name]), now, int(row[_X])) for row in rows for name in row if name != _X
    ]
    for key in {point.key for point in points} & stored.keys():
        last[key] = max(point.step for point in client.get_metric_history(run_id, key))
    client.log_batch(run_id, metrics=[point for point in points if point.step > last.get(point.key, -1)])


def _log_parameters(client: "MlflowClient", run_id: str, name: str, path: Path) -> None:
    log_parameters(client, run_id, flatten({name: json.loads(path.read_text(encoding="utf-8"))}))


def _log_curves(client: "MlflowClient", run_id: str, name: str, path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        log_curves(client, run_id, list(csv.DictReader(file)))


_LOGGERS = {"artifact": _log_artifact, "metrics": _log_metrics, "curves": _log_curves, "parameters": _log_parameters}


def _unknown_role(name: str, role: object) -> ConfigurationError:
    return ConfigurationError(
        f"metadata.mlflow of {name} in the catalog",
        expected="artifact, metrics, curves, parameters or none, on a dataset with a path",
        received=repr(role),
        remedy="Correct it in conf/base/catalog_*.yml.",
    )
