"""A tiny bundle, a report, and a private MLflow store."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
import torch

from ganops.bundle import Bundle, BundleData
from ganops.evaluation.report import Estimate, Report
from ganops.networks.build import build_networks
from ganops.training_settings import Settings

from ..parameters import images, points, resolve_settings
from ..reports import make_report

SIZES = {"base_channels": 4, "latent_dimension": 4, "batch": 4, "total_images": 8}
SETTINGS = resolve_settings("dcgan", images(1, 8, 8, 2), train_count=8, **SIZES)
POINTS = resolve_settings("dcgan", points(3, 2), train_count=8, **SIZES)


@pytest.fixture
def make_bundle(tmp_path: Path) -> Callable[..., Bundle]:
    """Return seed → an untrained generator with weights of its own."""

    def make(seed: int, of: Settings = SETTINGS) -> Bundle:
        seeded = of.model_copy(update={"seed": seed})
        network = build_networks(seeded)["generator"]
        lively = torch.Generator().manual_seed(seed)
        for parameter in network.parameters():
            # As initialised it may well be grey all over, and then equal pictures would prove nothing.
            parameter.data.normal_(0.0, 0.5, generator=lively)
        networks = {"generator": network}
        folder = tmp_path / f"{of.sample.field}_{seed}" / "bundle"
        BundleData(seeded, networks, ("no", "yes"), (0.25, 0.75), "f1" * 16, "5d" * 32).save(folder)
        return Bundle.load(folder)

    return make


@pytest.fixture
def bundle(make_bundle: Callable[[int], Bundle]) -> Bundle:
    """Seed 0."""
    return make_bundle(0)


@pytest.fixture
def point_bundle(make_bundle: Callable[..., Bundle]) -> Bundle:
    """Of points of three dimensions, in the same two classes."""
    return make_bundle(0, POINTS)


@pytest.fixture
def report() -> Report:
    """Return the report of an evaluation."""
    metrics = {"fid": Estimate(2.0, 0.1), "class_accuracy": Estimate(0.95, 0.01)}
    return make_report(metrics, {"fid": 1.0, "class_accuracy": 0.99})


def with_metrics(report: Report, **means: float) -> Report:
    """Return the report with other means."""
    return replace(report, metrics={**report.metrics, **{name: Estimate(mean) for name, mean in means.items()}})


@pytest.fixture(scope="session")
def tracking_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a store with one experiment; made once, since that takes seconds."""
    folder = tmp_path_factory.mktemp("mlflow")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    mlflow.MlflowClient(uri).create_experiment("tests", artifact_location=str(folder / "artifacts"))
    return uri


@pytest.fixture
def client(tracking_uri: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[mlflow.MlflowClient]:
    """Of that store, which is MLflow's current one as long as the test runs."""
    before = mlflow.get_tracking_uri()
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    mlflow.set_tracking_uri(tracking_uri)
    mlflow.set_experiment("tests")
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(before)


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """Return a path in a folder that registration creates."""
    return tmp_path / "missing" / "registry.lock"


@pytest.fixture
def run(client: mlflow.MlflowClient) -> Iterator[mlflow.ActiveRun]:
    """Return an active run."""
    with mlflow.start_run() as active:
        yield active
