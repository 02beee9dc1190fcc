"""`kedro run --pipelines comparison` on a fresh clone, as a newcomer types it."""

from pathlib import Path

import pandas as pd

from ..projects import initialised_clone


def test_one_command_prepares_trains_evaluates_and_prints_the_table(tmp_path: Path) -> None:
    project = initialised_clone(tmp_path / "project")
    options = ("--pipelines", "comparison", "--params", "training.total_images=256")
    said = project.call_well("kedro", "run", "--env", "smoke", *options)
    table = pd.read_csv(project.produced("08_reporting", "comparison.csv"))
    assert list(table["variant"]) == ["antialiased", "vae", "real (floor)"]
    assert "second" not in " ".join(table.columns)
    for words in ("variant", "seconds", "inception", "real (floor)", "comparison_samples.png", "make ui"):
        assert words in said, words
    *children, parent = project.runs()
    assert str(parent.info.run_name).startswith("comparison-smoke") and parent.info.status == "FINISHED"
    assert {"comparison.variants.antialiased.recipe", "training.recipe"} <= set(parent.data.params)
    artifacts = {artifact.path for artifact in project.client.list_artifacts(parent.info.run_id)}
    assert {"comparison.csv", "comparison_samples.png", "comparison_curves.png"} <= artifacts
    assert [child.data.tags["mlflow.parentRunId"] for child in children] == [parent.info.run_id] * 2
    assert {child.data.tags["environment"] for child in children} == {"smoke"}
    left = [
        path
        for path in project.path.glob(".checkpoints/**/*")
        if path.is_file() and path.suffix != ".lock" and path.name != "lock"
    ]
    assert left == []
    assert project.call_well("git", "status", "--porcelain") == ""
