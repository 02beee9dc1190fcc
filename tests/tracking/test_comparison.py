"""Runs are ranked within their protocol; curves and pictures are those of the runs."""

from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from PIL import Image

from ganops.errors import TrackingError
from ganops.reporting.curves import group_curves
from ganops.tracking.comparison import (
    curves_table,
    metric_against_seconds,
    pictures_side_by_side,
    protocols,
    runs_table,
)

ONE = {"protocol.features": "classifier", "protocol.n": "100", "protocol.store": "ab"}
OTHER = {**ONE, "protocol.n": "200"}


@pytest.fixture
def log(client: MlflowClient, experiment_id: str):
    """Return a function that logs a run as a session would (name, fid, protocol) and returns its id."""

    def log_run(
        name: str, fid: float | None, protocol: dict[str, str], environment: str = "digits", **tags: str
    ) -> str:
        run_id = client.create_run(experiment_id, run_name=name, start_time=1_000_000).info.run_id
        parameters = {**protocol, "training.recipe": "vae", "settings.budget.total_images": "640"}
        metrics = {"eval/fid_classifier": fid, "eval/fid_classifier_sd": 0.5, "floor/fid_classifier": 0.1}
        client.log_batch(
            run_id,
            params=[Param(key, value) for key, value in parameters.items()],
            tags=[RunTag(key, value) for key, value in {"environment": environment, **tags}.items()],
            metrics=[Metric(key, value, 0, 0) for key, value in metrics.items() if fid is not None],
        )
        client.set_terminated(run_id, end_time=1_090_400)
        return run_id

    return log_run


def test_runs_are_ranked_within_their_protocol(client: MlflowClient, log) -> None:
    runs = {name: log(name, fid, ONE) for name, fid in {"second": 2.0, "first": 1.0, "last": 5.0}.items()}
    other = log("easier", 0.5, OTHER)
    table = runs_table(client)
    assert table["rank"].to_dict() == {runs["first"]: 1, runs["second"]: 2, runs["last"]: 3, other: 1}
    groups = table.groupby("protocol", sort=False)["name"].agg(list)
    assert sorted(groups) == [["easier"], ["first", "second", "last"]]


def test_a_row_holds_training_and_metrics(client: MlflowClient, log) -> None:
    run_id = log("a", 1.5, ONE)
    row = runs_table(client).loc[run_id]
    values = {name: row[name] for name in ("name", "environment", "recipe", "images", "seconds", "fid")}
    assert values == {
        "name": "a",
        "environment": "digits",
        "recipe": "vae",
        "images": 640,
        "seconds": 90,
        "fid": 1.5,
    }
    assert "fid_sd" not in row.index


def test_other_environments_and_runs_without_an_evaluation_are_left_out(client: MlflowClient, log) -> None:
    mine, _, _ = log("a", 1.0, ONE), log("b", 1.0, ONE, environment="photos"), log("c", None, {})
    assert runs_table(client, "digits").index.tolist() == [mine]
    assert len(runs_table(client)) == 2


def test_protocols_show_the_keys_in_which_they_differ(client: MlflowClient, log) -> None:
    log("a", 1.0, ONE)
    assert protocols(client).index.tolist() == ["features", "n", "store"]
    log("b", 1.0, OTHER)
    differing = protocols(client)
    assert differing.index.tolist() == ["n"]
    names = runs_table(client).set_index("protocol")["name"].to_dict()
    assert {names[protocol]: n for protocol, n in differing.loc["n"].items()} == {"a": "100", "b": "200"}


def test_a_run_that_is_evaluated_again_is_ranked_under_its_last_protocol(client: MlflowClient, log) -> None:
    first, again = log("a", 1.0, OTHER), log("b", 2.0, ONE, **{"changed.protocol.n": "200"})
    assert runs_table(client)["rank"].to_dict() == {first: 1, again: 2}


def test_a_comparison_without_evaluated_runs_is_an_error(client: MlflowClient, log) -> None:
    with pytest.raises(TrackingError, match="received no such run"):
        runs_table(client)
    log("a", 1.0, ONE)
    with pytest.raises(TrackingError, match="A comparison by kid"):
        runs_table(client, by="kid")


def test_curves_of_two_runs_share_a_panel(client: MlflowClient, log) -> None:
    first, second = log("a", 1.0, ONE), log("b", 1.0, ONE)
    for run_id, steps in ((first, (64, 128)), (second, (128, 192))):
        for step in steps:
            client.log_metric(run_id, "loss/generator", step / 64, step=step)
    table = curves_table(client, [first, second])
    assert group_curves(table) == {"loss generator": ["loss generator/a", "loss generator/b"]}
    assert table["images_seen"].tolist() == [64, 128, 192]
    np.testing.assert_array_equal(table["loss generator/a"], [1.0, 2.0, np.nan])
    np.testing.assert_array_equal(table["loss generator/b"], [np.nan, 2.0, 3.0])
    with pytest.raises(TrackingError, match=r"penalty/"):
        curves_table(client, [first], group="penalty")


def test_runs_of_one_name_are_distinguished_by_their_ids(client: MlflowClient, log) -> None:
    runs = [log("same", 1.0, ONE), log("same", 2.0, ONE)]
    for run_id in runs:
        client.log_metric(run_id, "loss/generator", 1.0, step=1)
    (lines,) = group_curves(curves_table(client, runs)).values()
    assert lines == [f"loss generator/same {run_id[:4]}" for run_id in runs]


def test_pictures_are_joined_side_by_side(client: MlflowClient, log, tmp_path: Path) -> None:
    runs = [log(name, 1.0, ONE) for name in ("a", "b")]
    for run_id, value in zip(runs, (10, 20), strict=True):
        Image.new("L", (40, 30), value).save(tmp_path / "samples.png")
        client.log_artifact(run_id, str(tmp_path / "samples.png"), "views")
    picture = np.asarray(pictures_side_by_side(client, runs))
    assert picture.shape == (30 + 26, 2 * 40 + 26, 3)
    assert (picture[26:, :40] == 10).all() and (picture[26:, 66:] == 20).all()
    with pytest.raises(TrackingError, match=r"other\.png"):
        pictures_side_by_side(client, runs, "other.png")


def test_a_metric_has_the_seconds_of_its_snapshots(client: MlflowClient, log) -> None:
    first, second = log("a", 1.0, ONE), log("b", 1.0, ONE)
    for step, seconds in ((100, 10.0), (200, 30.0)):
        client.log_metric(first, "time/seconds", seconds, step=step)
        client.log_metric(second, "time/seconds", 2 * seconds, step=step)
    for run_id, step, value in ((first, 200, 3.0), (first, 150, 9.0), (second, 200, 4.0)):
        client.log_metric(run_id, "curve/fid_classifier", value, step=step)
    table = metric_against_seconds(client, [first, second])
    assert list(table.itertuples(index=False, name=None)) == [
        ("a", 150, 20.0, 9.0),
        ("a", 200, 30.0, 3.0),
        ("b", 200, 60.0, 4.0),
    ]
    with pytest.raises(TrackingError, match="curve/kid"):
        metric_against_seconds(client, [first, second], metric="kid")
