"""What a saved dataset leaves in the run, by the catalog's `metadata: {mlflow: artifact | metrics | parameters}`."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganops.errors import ConfigurationError
from ganops.tracking.parameters import flatten
from ganops.tracking.run import log_parameters

if TYPE_CHECKING:
    from mlflow import MlflowClient

# The report's groups as the UI's groups of charts: what was evaluated, and the floor it is to be held against.
_CHARTS = {"generator": "eval", "held_out": "floor"}


def dataset_path(entry: Mapping[str, Any]) -> Path | None:
    """Where a catalog entry lies, absolute; None for what is not a local file or folder."""
    written = entry.get("filepath") or entry.get("path")
    return Path(written) if isinstance(written, str) and "://" not in written else None


def log_dataset(client: "MlflowClient", run_id: str, name: str, entry: Mapping[str, Any]) -> None:
    """Log what was just saved.

    Raises:
        ConfigurationError: a role that is not known.
    """
    role = (entry.get("metadata") or {}).get("mlflow", "none")
    path = dataset_path(entry)
    match role:
        case "none":
            return
        case "artifact" if path:
            _log_artifact(client, run_id, path)
        case "metrics" if path:
            _log_metrics(client, run_id, name, json.loads(path.read_text()))
        case "parameters" if path:
            log_parameters(client, run_id, flatten({name: json.loads(path.read_text())}))
        case _:
            raise _unknown_role(name, role)


def report_metrics(name: str, report: Mapping[str, Any]) -> dict[str, float]:
    """Flat metrics `chart/metric` of a report; the chart of a JSON without groups is the dataset's name.

    A mean goes by the metric's name, its companions by a suffix: `eval/fid_classifier`, `eval/fid_classifier_sd`.
    """
    groups: Mapping[str, Any] = report.get("metrics", {name: report})
    charts = {str(_CHARTS.get(group, group)): flatten(values, "_") for group, values in groups.items()}
    flat = flatten(charts, "/")
    numbers = {key: value for key, value in flat.items() if _is_number(value)}
    return {key.removesuffix("_mean"): float(value) for key, value in numbers.items()}


def _log_artifact(client: "MlflowClient", run_id: str, path: Path) -> None:
    if path.is_dir():
        client.log_artifacts(run_id, str(path), path.name)
    else:
        client.log_artifact(run_id, str(path))


def _log_metrics(client: "MlflowClient", run_id: str, name: str, report: Mapping[str, Any]) -> None:
    from mlflow.entities import Metric
    from mlflow.utils.time import get_current_time_millis

    now = get_current_time_millis()
    metrics = [Metric(key, value, now, 0) for key, value in report_metrics(name, report).items()]
    client.log_batch(run_id, metrics=metrics)
    if "protocol" in report:
        log_parameters(client, run_id, flatten({"protocol": report["protocol"]}))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _unknown_role(name: str, role: object) -> ConfigurationError:
    return ConfigurationError(
        f"metadata.mlflow of {name} in the catalog",
        expected="artifact, metrics, parameters or none, on a dataset with a path",
        received=repr(role),
        remedy="Correct it in conf/base/catalog_*.yml.",
    )
