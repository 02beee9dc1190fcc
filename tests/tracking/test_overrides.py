"""What of a run's parameters no commit holds."""

from pathlib import Path

from mlflow import MlflowClient

from ganops.tracking.overrides import override_tags, overrides_of
from ganops.tracking.run import set_tags


def test_they_come_back_from_the_tags_and_a_later_session_without_any_takes_them_away(
    client: MlflowClient, experiment_id: str, tmp_path: Path
) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "parameters_training.yml").write_text("training: {seed: 3}")
    run_id = client.create_run(experiment_id).info.run_id
    runtime = {"training": {"width": 8, "batch": 4}}
    set_tags(client, run_id, override_tags(tmp_path, None, runtime))
    keys = ["--params training.batch", "--params training.width"]
    assert overrides_of(client.get_run(run_id).data.tags) == ["conf/local/parameters_training.yml", *keys]
    assert overrides_of(override_tags(tmp_path, "smoke", runtime)) == keys
    set_tags(client, run_id, override_tags(tmp_path, "smoke", {}))
    assert overrides_of(client.get_run(run_id).data.tags) == []
