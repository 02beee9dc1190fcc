"""Compare runs: their table, their curves in shared panels, their pictures side by side.

Numbers compare at equal protocol only: the table ranks a run among the runs of its own protocol.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from PIL import Image

from ganops.errors import TrackingError
from ganops.tracking.tracking_store import EXPERIMENT

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_PROTOCOL, _METRICS, _CURVE, _SECONDS = "protocol.", "eval/", "curve/", "time/seconds"
_DIGITS = 8


def runs_table(client: "MlflowClient", environment: str | None = None, by: str = "fid") -> pd.DataFrame:
    """Return one row per evaluated run, grouped by protocol, the best run of each protocol first.

    Columns: protocol (the first digits of its sha256, see `protocols`), rank within it, name, environment, recipe,
    images seen and seconds (of the whole session; all three are missing where it did not train), then the metrics,
    without the name of their features, which is part of the protocol. The index is the run's id.

    Args:
        client: of the tracking store.
        environment: the data set; None: all.
        by: the metric to rank by; lower is better.

    Raises:
        TrackingError: no run has that metric.
    """
    rows = {run.info.run_id: _row(run) for run in _evaluated_runs(client, environment)}
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("run")
    if by not in table.columns:
        raise _nothing_to_compare(by, sorted(table.columns))
    table = table.astype({"images": "Int64", "seconds": "Int64"}).sort_values(["protocol", by], kind="stable")
    table.insert(1, "rank", table.groupby("protocol")[by].rank(method="min").astype("Int64"))
    return table


def protocols(client: "MlflowClient", environment: str | None = None) -> pd.DataFrame:
    """Return one column per protocol, and as rows the keys in which they differ; all keys of a single protocol."""
    found = {
        _digest(protocol): protocol for run in _evaluated_runs(client, environment) if (protocol := _protocol(run))
    }
    table = pd.DataFrame(found)
    differs = table.nunique(axis=1, dropna=False) > 1
    return table.loc[differs] if differs.any() else table


def curves_table(client: "MlflowClient", run_ids: Sequence[str], group: str = "loss") -> pd.DataFrame:
    """Return the curves of a group for `draw_curves`: a panel per curve, a line per run.

    Columns: images_seen, and `<group> <curve>/<run>`; missing where a run has no point.
    """
    labels = _labels(client, run_ids)
    curves = [
        pd.Series(
            {point.step: point.value for point in client.get_metric_history(run_id, name)},
            name=f"{name.replace('/', ' ')}/{label}",
        )
        for run_id, label in labels.items()
        for name in sorted(client.get_run(run_id).data.metrics)
        if name.startswith(f"{group}/")
    ]
    if not curves:
        raise _nothing_to_compare(f"{group}/…", list(labels.values()))
    return pd.concat(curves, axis="columns").sort_index().rename_axis("images_seen").reset_index()


def metric_against_seconds(client: "MlflowClient", run_ids: Sequence[str], metric: str = "fid") -> pd.DataFrame:
    """Return time and metric of each run's snapshots.

    Columns: name of the run, images_seen, seconds of training up to then (interpolated linearly between two logs), and
    the metric, of whichever features the run was evaluated with.

    Raises:
        TrackingError: no run has a curve of that metric and of its seconds.
    """
    tables = [_metric_over_seconds(client, run_id, label, metric) for run_id, label in _labels(client, run_ids).items()]
    if not any(len(table) for table in tables):
        raise _nothing_to_compare(f"{_CURVE}{metric}_…", list(_labels(client, run_ids).values()))
    return pd.concat(tables, ignore_index=True)


def pictures_side_by_side(
    client: "MlflowClient", run_ids: Sequence[str], name: str = "views/samples.png"
) -> Image.Image:
    """Return the same picture of each run in one row, each with the run's name above it.

    Raises:
        TrackingError: a run has no such picture.
    """
    from ganops.reporting.sheet import join_side_by_side

    pictures = {label: _picture(client, run_id, name) for run_id, label in _labels(client, run_ids).items()}
    return join_side_by_side(pictures)


def _metric_over_seconds(client: "MlflowClient", run_id: str, label: str, metric: str) -> pd.DataFrame:
    names = [name for name in client.get_run(run_id).data.metrics if name.startswith(f"{_CURVE}{metric}_")]
    clock = sorted((point.step, point.value) for point in client.get_metric_history(run_id, _SECONDS))
    points = [point for name in names for point in client.get_metric_history(run_id, name)] if clock else []
    steps = sorted((point.step, point.value) for point in points)
    clock_steps, clock_seconds = [step for step, _ in clock], [value for _, value in clock]
    seconds = [float(np.interp(seen, clock_steps, clock_seconds)) for seen, _ in steps]
    rows = [(label, seen, time, value) for (seen, value), time in zip(steps, seconds, strict=True)]
    return pd.DataFrame(rows, columns=["name", "images_seen", "seconds", metric])


def _evaluated_runs(client: "MlflowClient", environment: str | None) -> "list[Run]":
    experiment = client.get_experiment_by_name(EXPERIMENT)
    query = f"tags.environment = '{environment}'" if environment else ""
    found, token = list["Run"](), None
    while experiment is not None:
        page = client.search_runs([experiment.experiment_id], query, page_token=token)
        found += [run for run in page if any(metric.startswith(_METRICS) for metric in run.data.metrics)]
        token = page.token
        if not token:
            break
    return found


def _row(run: "Run") -> dict[str, Any]:
    protocol = _protocol(run)
    images = run.data.params.get("settings.budget.total_images")
    ended = run.info.end_time
    return {
        "protocol": _digest(protocol),
        "name": run.info.run_name,
        "environment": run.data.tags.get("environment"),
        "recipe": run.data.params.get("training.recipe"),
        "images": int(images) if images else None,
        "seconds": round((ended - run.info.start_time) / 1000) if images and ended else None,
        **_metrics(run, protocol.get("features", "")),
    }


def _metrics(run: "Run", features: str) -> dict[str, float]:
    means = {name: value for name, value in run.data.metrics.items() if not name.endswith("_sd")}
    return {
        name.removeprefix(_METRICS).removesuffix(f"_{features}"): value
        for name, value in sorted(means.items())
        if name.startswith(_METRICS)
    }


def _protocol(run: "Run") -> dict[str, str]:
    """Return the protocol of the last evaluation: what a later one changed is a tag."""
    current = run.data.params | {name.removeprefix("changed."): text for name, text in run.data.tags.items()}
    names = [name for name in run.data.params if name.startswith(_PROTOCOL)]
    protocol = {name.removeprefix(_PROTOCOL): current[name] for name in sorted(names)}
    # Metrics of further features have complete names; the others do not depend on these.
    return {name: value for name, value in protocol.items() if not name.startswith("further_")}


def _digest(protocol: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(protocol, sort_keys=True).encode()).hexdigest()[:_DIGITS]


def _labels(client: "MlflowClient", run_ids: Sequence[str]) -> dict[str, str]:
    """Return run id → name of the run, with the first digits of its id where two runs share a name."""
    names = {run_id: str(client.get_run(run_id).info.run_name) for run_id in run_ids}
    shared = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {run_id: f"{name} {run_id[:4]}" if name in shared else name for run_id, name in names.items()}


def _picture(client: "MlflowClient", run_id: str, name: str) -> Image.Image:
    from tempfile import TemporaryDirectory

    if name not in [artifact.path for artifact in client.list_artifacts(run_id, name.rpartition("/")[0] or None)]:
        raise TrackingError(
            f"The picture {name} of the run {run_id}",
            expected="an artifact of that name",
            received="none, since this session did not draw it",
            remedy="Choose a run that evaluated what it trained.",
        )
    with TemporaryDirectory() as folder, Image.open(client.download_artifacts(run_id, name, folder)) as picture:
        return picture.copy()


def _nothing_to_compare(metric: str, available: list[str]) -> TrackingError:
    return TrackingError(
        f"A comparison by {metric}",
        expected="runs that have it",
        received=f"runs with {', '.join(available)}" if available else "no such run",
        remedy="Produce one with `kedro run`, or compare by another metric.",
    )
