"""Games that make pictures from pictures: each is run whole, killed and resumed, run by two processes, and served."""

import base64
import json
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from ..projects import Project, initialised_clone

pytestmark = pytest.mark.proof

SMALL = (
    "data_preparation.limit=1500,training.total_images=1280,training.threads=1,training.base_channels=4,"
    "training.log_every_images=64,training.sample_every_images=640,training.checkpoint_every_images=320,"
    "evaluation.threads=1,evaluation.seeds=[1],evaluation.kid_subset_size=10,evaluation.kid_subsets=10,"
    "evaluation.classifier.total_images=2000,evaluation.classifier.width=8"
)
LONGEST_WAIT_SECONDS = 240
PREDICT = """
import base64, json, pathlib, mlflow
mlflow.set_tracking_uri("sqlite:///mlflow.db")
picture = base64.b64encode(pathlib.Path("asked/a.png").read_bytes()).decode()
model = mlflow.pyfunc.load_model("models:/ganops-{environment}/1")
print(json.dumps(model.predict([{{"{field}": picture, "seed": 7}}])))
"""


@dataclass(frozen=True)
class Case:
    """A recipe, the environment of its data, the field of its requests, a metric of its report, and its view."""

    recipe: str
    environment: str
    field: str
    metric: str
    view: str

    def command(self, further: str = "") -> tuple[str, ...]:
        options = f"training.recipe={self.recipe},{SMALL}{further}"
        return ("kedro", "run", "--env", self.environment, "--params", options)


CASES = {
    "completion": Case("completion", "smoke", "image", "l1_hole", "completions.png"),
    "pix2pix": Case("pix2pix", "coloured_digits", "input", "l1", "translations.png"),
    "fastcut": Case("fastcut", "smoke", "input", "fid", "translations.png"),
    "cyclegan": Case("cyclegan", "smoke", "input", "cycle_l1", "translations.png"),
}


@pytest.fixture(scope="module", params=CASES)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, Project]:
    """Return a clone in which the whole pipeline has run."""
    case = CASES[request.param]
    project = initialised_clone(tmp_path_factory.mktemp(request.param) / "project")
    assert f"Registered: ganops-{case.environment} v1" in project.call_well(*case.command())
    return case, project


def test_the_report_has_its_metrics_and_baselines(whole: tuple[Case, Project]) -> None:
    case, project = whole
    folder = project.path / "data/08_reporting" / case.environment
    report = json.loads((folder / "report.json").read_text())
    metrics = report["metrics"]["generator"]
    assert case.metric in metrics and {"fid_identity", "fid_biharmonic"} & metrics.keys()
    assert (folder / "views" / case.view).is_file()


def test_a_killed_training_ends_in_the_same_bytes(whole: tuple[Case, Project], tmp_path: Path) -> None:
    case, project = whole
    killed = initialised_clone(tmp_path / "project")
    process = killed.start(*case.command())
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while not list(killed.path.glob(".checkpoints/*/*.safetensors")):
        assert process.poll() is None, killed.path.with_name("started.txt").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    killed.call_well(*case.command())
    models = f"data/06_models/{case.environment}"
    assert killed.digests(models) == project.digests(models) != {}


def test_files_and_answers_are_the_same_pictures(whole: tuple[Case, Project]) -> None:
    case, project = whole
    model, asked = f"models:/ganops-{case.environment}/1", project.path / "asked"
    asked.mkdir()
    Image.new("L", (28, 28), 60).save(asked / "a.png")
    project.call_well("kedro", "generate", model, f"--{case.field}", "asked/a.png", "--seed", "7", "--to", "answers")
    predict = PREDICT.format(environment=case.environment, field=case.field)
    answer = json.loads(project.call_well("python", "-c", predict).strip().splitlines()[-1])
    (written,) = (project.path / "answers").iterdir()
    assert base64.b64decode(answer[0][0]) == written.read_bytes()


def test_two_processes_train_it(whole: tuple[Case, Project]) -> None:
    case, project = whole
    output = project.call_well(*case.command(",training.processes=2"))
    assert f"Registered: ganops-{case.environment} v2" in output
