"""`kedro run` as a user meets it: what it leaves, what it says, and from where it can be started."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from ganops.registry.gate import METRICS

from ..projects import Project

ROOT = Path(__file__).parents[2]


def written_paths() -> list[str]:
    """Every path of the catalog that a run writes, for the environment `smoke`."""
    files = (ROOT / "conf" / "base").glob("catalog*.yml")
    entries = [entry for file in files for entry in (yaml.safe_load(file.read_text()) or {}).values()]
    # What no stage of DVC makes is no part of the whole run: it is given, or another pipeline makes it.
    produced = [entry["filepath"] for entry in entries if entry["metadata"].get("dvc", "none") != "none"]
    return sorted(path.replace("${globals:environment}", "smoke") for path in produced)


def test_every_output_of_the_catalog_is_there(finished_project: Project) -> None:
    paths = written_paths()
    assert len(paths) >= 17
    assert [path for path in paths if not (finished_project.path / path).exists()] == []


def test_the_run_leaves_no_checkpoints(finished_project: Project) -> None:
    left = [path for path in finished_project.path.glob(".checkpoints/**/*") if path.suffix == ".safetensors"]
    assert left == []
    assert list(finished_project.path.glob("data/**/*.new")) == []


def test_the_run_changes_nothing_that_git_tracks(finished_project: Project) -> None:
    assert finished_project.call_well("git", "status", "--porcelain") == ""


def test_the_report_states_metrics_of_generator_and_floor_under_one_protocol(finished_project: Project) -> None:
    report = json.loads(finished_project.produced("08_reporting", "report.json").read_text())
    generator, held_out = report["metrics"]["generator"], report["metrics"]["held_out"]
    assert {"fid", "kid", "inception_score"} <= set(generator)
    assert set(held_out) <= set(generator)
    assert set(generator) == set(METRICS["classifier"])
    assert {"features", "weights", "resize", "n", "seeds", "reference"} <= set(report["protocol"])
    # Even a short training differs from the data: the generator is farther from `train` than `held_out` is.
    assert generator["fid"]["mean"] > held_out["fid"]["mean"] > 0


def test_the_curves_cover_the_training(finished_project: Project) -> None:
    scalars = pd.read_csv(finished_project.produced("08_reporting", "training_scalars.csv"))
    settings = json.loads(finished_project.produced("06_models", "settings.json").read_text())
    assert scalars["images_seen"].is_monotonic_increasing
    assert scalars["images_seen"].is_unique
    assert scalars["images_seen"].max() >= settings["budget"]["total_images"] - settings["cadence"]["log_every_images"]
    assert any(name.startswith("loss/") for name in scalars.columns)
    assert not [name for name in scalars.columns if "second" in name]


def test_the_run_prints_table_grid_version_and_the_command_of_the_ui(finished_project: Project) -> None:
    output = finished_project.report_of_the_run()
    for words in ("fid_classifier", "held_out", "data/08_reporting/smoke/views/samples.png", "ganops-smoke", "make ui"):
        assert words in output, words


def test_one_run_is_tracked_with_parameters_metrics_and_commit(finished_project: Project) -> None:
    (run,) = finished_project.runs()
    data = run.data
    assert run.info.status == "FINISHED"
    assert any("fid_classifier" in name for name in data.metrics)
    assert any(name.startswith("loss/") for name in data.metrics)
    assert data.params["training.recipe"] == data.params["settings.recipe"] == "antialiased"
    assert run.inputs is not None
    inputs = {piece.dataset.name: {tag.key: tag.value for tag in piece.tags} for piece in run.inputs.dataset_inputs}
    assert [name for name, tags in inputs.items() if tags["mlflow.data.context"] == "input"] == ["raw_pictures"]
    assert data.tags["mlflow.source.git.commit"] == finished_project.call_well("git", "rev-parse", "HEAD").strip()
    versions = finished_project.client.search_model_versions("name = 'ganops-smoke'")
    assert [version.version for version in versions] in (["1"], [1])


def test_an_unknown_parameter_is_reported_in_one_line(own_project: Project) -> None:
    before = own_project.digests("data")
    result = own_project.call("kedro", "run", "--env", "smoke", "--params", "training.batsh=8")
    assert result.returncode == 1
    (line,) = [line for line in result.stderr.splitlines() if "batsh" in line]
    assert line.startswith("Error: training.batsh: expected one of ")
    assert line.endswith("Did you mean training.batch?")
    assert "Traceback" not in result.stdout + result.stderr
    assert own_project.digests("data") == before


@pytest.mark.parametrize(
    ("command", "folder"),
    [(["kedro", "run"], "src/ganops/data"), (["python", "-m", "ganops"], "/")],
    ids=["sub-folder", "anywhere"],
)
def test_a_node_can_be_run_again_from(command: list[str], folder: str, own_project: Project) -> None:
    grid = own_project.produced("08_reporting", "views/samples.png")
    before = grid.read_bytes()
    grid.unlink()
    own_project.call_well(*command, "--env", "smoke", "--nodes", "draw_views", folder=own_project.path / folder)
    assert grid.read_bytes() == before


def test_preparing_and_training_again_gives_the_same_bytes(own_project: Project) -> None:
    models, store = "data/06_models/smoke", "data/03_primary/smoke"
    trained = ["settings.json", "training_state.safetensors", "bundle/bundle.json", "bundle/weights.safetensors"]
    before = own_project.digests(models), own_project.digests(store)
    for name in trained:
        (own_project.path / models / name).unlink()
    shutil.rmtree(own_project.path / store)
    own_project.call_well("kedro", "run", "--env", "smoke", "--pipelines", "data_preparation,training")
    assert own_project.digests(store) == before[1]
    after = own_project.digests(models)
    assert {name: after[name] for name in trained} == {name: before[0][name] for name in trained}


def test_pictures_come_out_of_the_registry_without_a_server(own_project: Project, tmp_path: Path) -> None:
    request = ["--n", "3", "--seed", "7", "--class", "3", "--to", str(tmp_path / "pictures")]
    own_project.call_well("kedro", "generate", "models:/ganops-smoke/1", *request)
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 3


def test_a_path_with_special_characters_of_addresses_works_with_store_and_registry(
    finished_project: Project, tmp_path: Path
) -> None:
    """Jenkins writes the branch's slash as %2F into the folder's name."""
    project = Project(tmp_path / "jobs" / "a%2Fb #1 größe?" / "project")
    shutil.copytree(finished_project.path, project.path, symlinks=True)
    (project.path / "mlflow.db").unlink()
    shutil.rmtree(project.path / "mlartifacts")
    project.call_well("kedro", "run", "--env", "smoke", "--pipelines", "data_preparation,registration")
    project.call_well("kedro", "generate", "models:/ganops-smoke/1", "--to", str(tmp_path / "pictures"))
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 1
    assert (project.path / "mlflow.db").is_file()
    assert [path.name for path in (tmp_path / "jobs").iterdir()] == ["a%2Fb #1 größe?"]
    assert [path.name for path in project.path.parent.iterdir()] == ["project"]


def test_texts_are_written_in_a_locale_without_utf8(own_project: Project) -> None:
    card = own_project.produced("08_reporting", "model_card.md")
    before = card.read_bytes()
    card.unlink()
    own_project.call_well(
        *("env", "LC_ALL=C", "PYTHONUTF8=0", "PYTHONCOERCECLOCALE=0"),
        *("kedro", "run", "--env", "smoke", "--pipelines", "registration"),
    )
    assert card.read_bytes() == before
    assert "×".encode() in before
