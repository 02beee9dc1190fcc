"""Sessions of a small Kedro project under this project's settings and hooks."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from kedro.framework.project import configure_project, settings
from kedro.framework.startup import bootstrap_project
from mlflow import MlflowClient
from mlflow.entities import Run

from ganops.errors import ConfigurationError, StorageError, TrainingError
from ganops.tracking.provenance import read_overrides

PACKAGE = "tracked_project"
FILES = {
    "pyproject.toml": f'[tool.kedro]\npackage_name = "{PACKAGE}"\nproject_name = "t"\nkedro_init_version = "1.7.0"\n',
    f"src/{PACKAGE}/__init__.py": "",
    f"src/{PACKAGE}/settings.py": "from ganops.settings import *  # noqa: F403\n",
    f"src/{PACKAGE}/pipeline_registry.py": f"""
from kedro.pipeline import Node, Pipeline
from {PACKAGE}.nodes import evaluate, train

TRAINED = ["settings", "training_state", "bundle", "training_scalars", "training_digests", "snapshots"]

def register_pipelines():
    training = Pipeline([Node(train, ["params:training", "checkpoints"], TRAINED, name="train")])
    evaluation = Pipeline([Node(evaluate, "bundle", "report", name="evaluate")])
    return {{"training": training, "evaluation": evaluation, "__default__": training + evaluation}}
""",
    f"src/{PACKAGE}/nodes.py": """
import os, time
from pathlib import Path
from ganops.training_config import TrainingParameters
from ganops.errors import TrainingError
from ganops.evaluation.report import Estimate, Protocol, Report
from ganops.tracking.mlflow_tracker import tracker_of_active_run

def train(parameters: TrainingParameters, checkpoints: Path) -> tuple[dict, ...]:
    with tracker_of_active_run() as tracker:
        tracker.set_tag("fingerprint", "abc")
        for images_seen in (64, 128):
            tracker.log_metrics(images_seen, {"loss/generator": images_seen / 64})
        if parameters.base_channels == 13:
            raise TrainingError("loss", expected="finite values", received="nan", remedy="Lower the rate.")
        if started := os.environ.get("STARTED"):
            tracker.flush()
            Path(started).touch()
            time.sleep(60)
    return {}, {}, {"seed": parameters.seed}, {}, {}, {}

def evaluate(bundle: dict) -> dict:
    if "BREAK" in os.environ:
        raise TrainingError("features", expected="some", received="none", remedy="Repair it.")
    protocol = Protocol("classifier", "ab", "none", 5, "train", 9, (1,), 3, 5, 2, 1, "5d")
    return Report("generator", {"fid": Estimate(2.0, 0.5)}, {}, {}, protocol).to_json()
""",
    "conf/base/catalog.yml": """
checkpoints: {type: ganops.kedro_datasets.folder_dataset.FolderDataset, filepath: checkpoints}
settings: {type: json.JSONDataset, filepath: data/settings.json}
training_state: {type: json.JSONDataset, filepath: data/training_state.json}
bundle: {type: json.JSONDataset, filepath: data/bundle.json, metadata: {dvc: out, mlflow: artifact}}
training_scalars: {type: json.JSONDataset, filepath: data/training_scalars.json}
training_digests: {type: json.JSONDataset, filepath: data/training_digests.json}
snapshots: {type: json.JSONDataset, filepath: data/snapshots.json}
report: {type: json.JSONDataset, filepath: data/report.json, metadata: {dvc: metric, mlflow: metrics}}
""",
    "conf/base/globals.yml": "environment: small\n",
    "conf/base/parameters_training.yml": "training: {recipe: dcgan, seed: 1, base_channels: 8}\n",
    "conf/overlay/globals.yml": "environment: overlay\n",
    "conf/overlay/parameters_training.yml": "training: {seed: 2}\n",
    "conf/local/.gitkeep": "",
}

# The same with a preparation before it.
PREPARATION_FILES = {
    f"src/{PACKAGE}/pipeline_registry.py": f"""
from pathlib import Path
from typing import Any
from ganops.training_config import TrainingParameters
from kedro.pipeline import Node, Pipeline
from {PACKAGE}.nodes import train

TRAINED = ["settings", "training_state", "bundle", "training_scalars", "training_digests", "snapshots"]

def prepare(folder: Path) -> str:
    (folder / "downloaded").touch()
    return (folder / "pictures").read_text()

def train_on(store: str, parameters: TrainingParameters, checkpoints: Path) -> tuple[dict, ...]:
    return train(parameters, checkpoints)

def register_pipelines():
    preparation = Pipeline([Node(prepare, "raw_pictures", "store", name="prepare")])
    training = Pipeline([Node(train_on, ["store", "params:training", "checkpoints"], TRAINED, name="train")])
    return {{"preparation": preparation, "training": training, "__default__": preparation + training}}
""",
    "conf/base/catalog_store.yml": """
raw_pictures: {type: ganops.kedro_datasets.folder_dataset.FolderDataset, filepath: raw}
store: {type: text.TextDataset, filepath: store/content}
""",
}


@pytest.fixture
def project(client: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the small project, at the root of its own store."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    ours = Path(__file__).parents[2] / "conf/base/mlflow.yml"
    (tmp_path / "conf/base/mlflow.yml").write_text(ours.read_text())
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    monkeypatch.setattr(sys, "path", list(sys.path))
    bootstrap_project(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]
    configure_project("ganops")


def _session(
    project: Path, pipelines: list[str] | None = None, only_missing_outputs: bool = False, **options: Any
) -> None:
    with settings.SESSION_CLASS.create(project_path=project, **options) as session:
        session.run(pipeline_names=pipelines, only_missing_outputs=only_missing_outputs)


def _runs(client: MlflowClient, experiment_id: str) -> list[Run]:
    return list(client.search_runs([experiment_id]))


def test_a_session_leaves_one_complete_run(client: MlflowClient, experiment_id: str, project: Path) -> None:
    _session(project)
    (run,) = _runs(client, experiment_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "dcgan-small")
    assert run.data.params["training.base_channels"] == "8"
    assert "training" not in run.data.params
    assert run.data.params["protocol.n"] == "5"
    assert run.data.metrics == {"loss/generator": 2.0, "eval/fid_classifier": 2.0, "eval/fid_classifier_sd": 0.5}
    assert run.data.tags["environment"] == "small"
    assert [artifact.path for artifact in client.list_artifacts(run.info.run_id)] == ["bundle.json"]
    assert mlflow.active_run() is None


def test_two_sessions_of_one_process_are_two_runs_and_an_overlay_keeps_other_keys(
    client: MlflowClient, experiment_id: str, project: Path
) -> None:
    _session(project)
    _session(project, env="overlay", runtime_params={"training": {"batch": 4}})
    names = {run.info.run_name: run.data.params for run in _runs(client, experiment_id)}
    assert set(names) == {"dcgan-small", "dcgan-overlay"}
    overlay = names["dcgan-overlay"]
    keys = ("recipe", "seed", "base_channels", "batch")
    assert [overlay[f"training.{key}"] for key in keys] == ["dcgan", "2", "8", "4"]


def test_the_stages_of_one_dvc_command_share_a_run(
    client: MlflowClient, experiment_id: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_STAGE", "any")
    monkeypatch.setenv("DVC_EXP_NAME", "warm-sea")
    for stage in ("training", "evaluation"):
        _session(project, [stage], env="overlay")
    (run,) = _runs(client, experiment_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "warm-sea")
    assert set(run.data.metrics) == {"loss/generator", "eval/fid_classifier", "eval/fid_classifier_sd"}


def test_a_failed_run_records_its_error_and_is_resumed(client: MlflowClient, experiment_id: str, project: Path) -> None:
    with pytest.raises(TrainingError):
        _session(project, runtime_params={"training": {"base_channels": 13}})
    (run,) = _runs(client, experiment_id)
    assert run.info.status == "FAILED"
    assert run.data.tags["error"].startswith("TrainingError: loss: expected finite values")
    with pytest.raises(TrainingError):
        _session(project, runtime_params={"training": {"base_channels": 13}})
    assert len(_runs(client, experiment_id)) == 1
    assert len(client.get_metric_history(run.info.run_id, "loss/generator")) == 2


def test_a_wrong_parameter_stops_before_there_is_a_run(client: MlflowClient, experiment_id: str, project: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"Did you mean training\.base_channels"):
        _session(project, runtime_params={"training": {"base_chanels": 13}})
    assert _runs(client, experiment_id) == []


def test_a_session_without_missing_outputs_opens_no_run(
    client: MlflowClient, experiment_id: str, project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _session(project, only_missing_outputs=True)
    assert len(_runs(client, experiment_id)) == 1
    with caplog.at_level("INFO", "ganops"):
        _session(project, only_missing_outputs=True)
    assert "Nothing to run: all 7 outputs exist." in caplog.text
    assert len(_runs(client, experiment_id)) == 1


def test_a_run_that_the_caller_opened_stays_open(client: MlflowClient, experiment_id: str, project: Path) -> None:
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    with mlflow.start_run(experiment_id=experiment_id, run_name="mine") as mine:
        with pytest.raises(TrainingError):
            _session(project, runtime_params={"training": {"base_channels": 13}})
        assert client.get_run(mine.info.run_id).info.status == "RUNNING"
    (run,) = _runs(client, experiment_id)
    assert (run.info.run_name, run.data.params["training.base_channels"]) == ("mine", "13")


@pytest.mark.parametrize("stage", [None, "training"])
def test_checkpoints_are_deleted_once_the_training_is_saved(
    client: MlflowClient, project: Path, monkeypatch: pytest.MonkeyPatch, stage: str | None
) -> None:
    """Also where a later node fails; but DVC deletes the outputs of a stage that fails."""
    ours, others = (project / "checkpoints" / name / "1.safetensors" for name in ("abc", "def"))
    for file in (ours, others):
        file.parent.mkdir(parents=True)
        file.touch()
    if stage:
        monkeypatch.setenv("DVC_STAGE", stage)
    with pytest.raises(TrainingError):
        _session(project, env="overlay", runtime_params={"training": {"base_channels": 13}})
    assert ours.exists()
    with monkeypatch.context() as patch:
        patch.setenv("BREAK", "1")
        with pytest.raises(TrainingError):
            _session(project, env="overlay")
    assert ours.exists() == (stage is not None)
    _session(project, env="overlay")
    assert (ours.exists(), others.exists()) == (False, True)


def test_tags_name_parameters_that_no_commit_holds(client: MlflowClient, experiment_id: str, project: Path) -> None:
    (project / "conf/local/parameters.yml").write_text("training: {seed: 9}\n")
    _session(project, runtime_params={"training": {"batch": 4}})
    (run,) = _runs(client, experiment_id)
    assert read_overrides(run.data.tags) == ["conf/local/parameters.yml", "--params training.batch"]


def test_a_signal_leaves_the_true_status_and_the_next_session_resumes_the_run(
    client: MlflowClient, experiment_id: str, project: Path
) -> None:
    """Ctrl-C, SIGTERM and SIGKILL one after the other, then a session that ends well: one run, no step twice."""
    after = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        code = _interrupt(project, number)
        (run,) = _runs(client, experiment_id)
        after.append((code, run.info.status))
    assert after == [(130, "KILLED"), (143, "KILLED"), (-signal.SIGKILL, "RUNNING")]
    _session(project)
    (run,) = _runs(client, experiment_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "dcgan-small")
    steps = [point.step for point in client.get_metric_history(run.info.run_id, "loss/generator")]
    assert steps == [64, 128]
    assert json.loads((project / "data/bundle.json").read_text()) == {"seed": 1}


def test_an_interrupted_run_of_other_data_is_not_resumed(
    client: MlflowClient, experiment_id: str, project: Path
) -> None:
    """Its curves would be of the first data up to the interruption, and of the second from there on."""
    (project / "raw").mkdir()
    for name, text in PREPARATION_FILES.items():
        (project / name).write_text(text)
    runs_after = []
    for content, pipelines in (("one", None), ("", None), ("", ["training"]), ("other", None), ("", ["training"])):
        if content:
            (project / "raw" / "pictures").write_text(content)
        with pytest.raises(TrainingError):
            _session(project, pipelines, runtime_params={"training": {"base_channels": 13}})
        runs_after.append({run.info.run_id for run in _runs(client, experiment_id)})
    assert [len(runs) for runs in runs_after] == [1, 1, 1, 2, 2]
    for run in runs_after[-1]:
        assert [point.step for point in client.get_metric_history(run, "loss/generator")] == [64, 128]


def test_a_second_run_waits_for_the_first(client: MlflowClient, experiment_id: str, project: Path) -> None:
    """The first is stopped inside its training, while the second waits; then the second runs whole."""
    started = project / "started"
    wide = {**os.environ, "COLUMNS": "500"}
    run = [sys.executable, "-m", "kedro", "run", "--params"]
    first = subprocess.Popen(
        [*run, "training.seed=1"], cwd=project, env={**wide, "STARTED": str(started)}, stdout=subprocess.DEVNULL
    )
    while not started.exists():
        assert first.poll() is None
        time.sleep(0.05)
    second = subprocess.Popen(
        [*run, "training.seed=2"], cwd=project, env=wide, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert second.stdout is not None
    waiting = next(line for line in second.stdout if "Waiting" in line)
    assert f"the outputs of environment small belong to process {first.pid} on " in waiting
    assert "training.seed=…`, MLflow run dcgan-small" in waiting
    assert len(_runs(client, experiment_id)) == 1
    first.send_signal(signal.SIGINT)
    assert first.wait(timeout=30) == 130
    second.communicate()
    assert second.returncode == 0
    assert json.loads((project / "data/bundle.json").read_text()) == {"seed": 2}
    ends = {run.data.params["training.seed"]: run.info.status for run in _runs(client, experiment_id)}
    assert ends == {"1": "KILLED", "2": "FINISHED"}


def test_the_next_session_logs_that_a_process_died(
    client: MlflowClient, experiment_id: str, project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert _interrupt(project, signal.SIGKILL) == -signal.SIGKILL
    for parameters, advice in ({"seed": 5}, "Repeat its command to resume it."), ({}, ""):
        caplog.clear()
        _session(project, runtime_params={"training": parameters})
        messages = [record.getMessage() for record in caplog.records if "ended without closing" in record.getMessage()]
        assert [line.partition(" and is now marked KILLED. ")[2] for line in messages] == [advice] * bool(advice)
        assert all(line.startswith("Run dcgan-small, started 20") for line in messages)
        assert all(", last logged at 128 images, ended" in line for line in messages)


def test_outputs_that_cannot_be_written_stop_the_run_at_its_start(
    client: MlflowClient, experiment_id: str, project: Path
) -> None:
    (project / "data").write_text("a file in the way")
    with pytest.raises(StorageError, match=r"data/\w+\.json: expected a file or folder .*Not a directory"):
        _session(project)
    assert _runs(client, experiment_id) == []


def _interrupt(project: Path, number: signal.Signals) -> int:
    """Return the exit code of a `kedro run` that got the signal inside its training node."""
    started = project / "started"
    environment = {**os.environ, "STARTED": str(started)}
    command = [sys.executable, "-m", "kedro", "run"]
    process = subprocess.Popen(command, cwd=project, env=environment, stderr=subprocess.STDOUT, stdout=subprocess.PIPE)
    while not started.exists():
        assert process.poll() is None, process.communicate()[0].decode()
        time.sleep(0.05)
    started.unlink()
    process.send_signal(number)
    return process.wait(timeout=30)


def test_a_run_records_the_parameters_of_its_own_nodes_alone(
    client: MlflowClient, experiment_id: str, project: Path
) -> None:
    """An evaluation alone takes the bundle of an earlier training, and no parameter makes it one of another seed."""
    _session(project)
    _session(project, ["evaluation"], runtime_params={"training": {"seed": 99}})
    evaluated, whole = _runs(client, experiment_id)
    assert whole.data.params["training.seed"] == "1"
    assert [name for name in evaluated.data.params if name.startswith("training.")] == []


def test_parameters_of_a_comparison_belong_to_comparisons_alone(
    client: MlflowClient, experiment_id: str, project: Path
) -> None:
    text = "comparison: {variants: {vae: {recipe: vae}}, seeds: null}\n"
    (project / "conf/base/parameters_comparison.yml").write_text(text)
    _session(project)
    (run,) = _runs(client, experiment_id)
    assert run.info.run_name == "dcgan-small"
    assert not [name for name in run.data.params if name.startswith("comparison")]
