"""Text: sentences of a grammar, from data preparation to a registered model that writes lines, resumed after a kill."""

import json
import signal
import time
from pathlib import Path

import pytest

from ..projects import Project, initialised_clone
from ..reference.grammar import is_grammatical

pytestmark = pytest.mark.proof
pytest.importorskip("sacrebleu", reason="the extra text is not installed")

SIZES = "data_preparation.limit=2000,training.total_images=12000,training.base_channels=64,evaluation.seeds=[1]"
# A clone has no commit that says how --params were set: the version is a challenger.
RUN = ("kedro", "run", "--env", "grammar", "--params", SIZES)
PREDICT = """
import json, mlflow
mlflow.set_tracking_uri("sqlite:///mlflow.db")
print(json.dumps(mlflow.pyfunc.load_model("models:/ganops-grammar/1").predict([{"n": 3, "seed": 7}])))
"""
FOLDERS = ("data/03_primary/grammar", "data/06_models/grammar/bundle")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = initialised_clone(tmp_path_factory.mktemp("text") / "project")
    project.call_well(*RUN)
    return project


def generate(project: Project, folder: str, *options: str) -> list[str]:
    command = ("kedro", "generate", "models:/ganops-grammar@challenger", "--n", "200", "--seed", "7", *options)
    project.call_well(*command, "--to", folder)
    return (project.path / folder / "lines.txt").read_text(encoding="utf-8").splitlines()


def test_the_report_has_the_metrics_of_text(project: Project) -> None:
    report = json.loads((project.path / "data/08_reporting/grammar/report.json").read_text())
    metrics = {name: value["mean"] for name, value in report["metrics"]["generator"].items()}
    # Of 42 tokens at random a sentence of nine words has 9 · ln 42 = 34 nats.
    assert metrics["nll"] < 25
    assert {"fid", "bleu", "self_bleu", "distinct_2", "duplicates"} <= metrics.keys()
    assert (project.path / "data/08_reporting/grammar/views/samples.md").read_text().count("```text") == 2


def test_generated_lines_are_mostly_sentences_of_the_grammar(project: Project) -> None:
    lines = generate(project, "text", "--temperature", "0.7")
    assert len(lines) == 200 and len(set(lines)) > 50
    assert sum(map(is_grammatical, lines)) > 60


def test_generated_lines_continue_a_prompt(project: Project) -> None:
    lines = generate(project, "continued", "--prompt", "the old")
    assert len(lines) == 200 and len(set(lines)) > 50
    assert all(line.startswith("the old ") for line in lines)


def test_a_killed_training_is_resumed_to_the_same_bytes(project: Project, tmp_path: Path) -> None:
    """Killed once there is an adversary."""
    other = initialised_clone(tmp_path / "project")
    process = other.start(*RUN)
    while not [file for file in other.path.glob(".checkpoints/*/*.safetensors") if int(file.stem) > 6600]:
        assert process.poll() is None, other.path.with_name("started.txt").read_text()
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    output = other.call_well(*RUN)
    assert "The training resumes from its checkpoint" in " ".join(output.split())
    for folder in FOLDERS:
        assert other.digests(folder) == project.digests(folder) != {}


def test_the_served_model_answers_with_the_lines_of_the_files(project: Project) -> None:
    written = generate(project, "lines")
    (answers,) = json.loads(project.call_well("python", "-c", PREDICT).strip().splitlines()[-1])
    assert answers == written[:3]


def test_two_processes_train_it(project: Project) -> None:
    output = project.call_well(*RUN[:-1], f"{SIZES},training.processes=2")
    assert "Registered: ganops-grammar v2" in output
