"""Sound: from formulas to a served clip, with a training that is killed and resumed."""

import base64
import json
import signal
import time
from pathlib import Path

import pytest

from ..projects import Project, initialised_clone

pytestmark = pytest.mark.proof

TOTAL_IMAGES = 1920
OPTIONS = (
    f"data_preparation.limit=240,training.total_images={TOTAL_IMAGES},training.threads=1,training.base_channels=4,"
    "training.checkpoint_every_images=320,evaluation.threads=1,evaluation.seeds=[1],"
    "evaluation.classifier.total_images=1000,evaluation.classifier.width=8"
)
COMMAND = ("kedro", "run", "--env", "tones", "--params", OPTIONS)
MODELS, VIEWS = "data/06_models/tones", "data/08_reporting/tones/views"
LONGEST_WAIT_SECONDS = 240
PREDICT = """
import json, mlflow
mlflow.set_tracking_uri("sqlite:///mlflow.db")
model = mlflow.pyfunc.load_model("models:/ganops-tones/1")
print(json.dumps(model.predict([{"n": 2, "seed": 7, "class_label": "chord"}])))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a clone in which the whole pipeline has run."""
    project = initialised_clone(tmp_path_factory.mktemp("sound") / "project")
    output = project.call_well(*COMMAND)
    assert "Registered: ganops-tones v1" in output
    assert "fid_spectrogram_classifier" in output and "class_accuracy_spectrogram_classifier" in output
    return project


def test_the_views_are_there_and_among_the_artifacts_of_the_run(project: Project) -> None:
    names = {path.name for path in (project.path / VIEWS).iterdir()}
    pictures = {"samples.png", "real_beside_generated.png", "nearest_neighbours.png"}
    assert names == {*pictures, "nearest_neighbours.csv", "players.html"}
    (run,) = project.runs()
    artifacts = project.client.list_artifacts(run.info.run_id, "views")
    assert {Path(artifact.path).name for artifact in artifacts} == names
    assert (project.path / VIEWS / "players.html").read_text(encoding="utf-8").count("<audio controls") == 6 * 6


def test_files_and_answers_are_the_same_clips(project: Project) -> None:
    generate = ("kedro", "generate", "models:/ganops-tones/1", "--n", "2", "--seed", "7", "--class", "chord")
    project.call_well(*generate, "--to", "clips")
    project.call_well("kedro", "generate", f"{MODELS}/bundle", *generate[3:], "--to", "of_the_bundle")
    assert project.digests("clips") == project.digests("of_the_bundle")
    assert sorted(project.digests("clips")) == ["7_0000_5.wav", "7_0001_5.wav"]
    answer = json.loads(project.call_well("python", "-c", PREDICT).strip().splitlines()[-1])
    written = [path.read_bytes() for path in sorted((project.path / "clips").iterdir())]
    assert [base64.b64decode(value) for value in answer[0]] == written


def test_an_unknown_class_is_refused_by_its_name(project: Project) -> None:
    refused = project.call("kedro", "generate", "models:/ganops-tones/1", "--class", "bark", "--to", "none")
    assert refused.returncode != 0 and "pluck, swell, tremolo" in refused.stdout + refused.stderr


def test_a_killed_training_ends_in_the_same_bytes(project: Project, tmp_path: Path) -> None:
    killed = initialised_clone(tmp_path / "project")
    process = killed.start(*COMMAND)
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while not list(killed.path.glob(".checkpoints/*/*.safetensors")):
        assert process.poll() is None, killed.path.with_name("started.txt").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    killed.call_well(*COMMAND)
    assert killed.digests(MODELS) == project.digests(MODELS)
    assert killed.digests(VIEWS) == project.digests(VIEWS)


def test_two_processes_train_it(project: Project) -> None:
    output = project.call_well(*COMMAND[:-1], f"{OPTIONS},training.processes=2")
    assert "Registered: ganops-tones v2" in output
