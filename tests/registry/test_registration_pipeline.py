"""The registration node, from catalog values to record and card; and the origin of a version."""

import hashlib
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from dvc.repo import Repo
from kedro.io import DataCatalog, DatasetError, MemoryDataset
from kedro.runner import SequentialRunner
from kedro.validation.type_extractor import TypeExtractor

from ganops.bundle import Bundle
from ganops.errors import MetricError, RegistryError
from ganops.evaluation.report import GeneratorIdentity, Report, table_digest
from ganops.evaluation_config import RegistrationParameters
from ganops.kedro_datasets.registered_model_dataset import RegisteredModelDataset
from ganops.pipelines.registration import read_origin
from ganops.pipelines.registration.nodes import register
from ganops.pipelines.registration.pipeline import create_pipeline
from ganops.tracking.lineage import TrackedDataset, record_lineage

from ..reports import CURVE


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with one commit and a dvc.lock, outside DVC."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "dvc.lock").write_text("schema: '2.0'\n")
    identity = ["-c", "user.name=t", "-c", "user.email=t@t"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    monkeypatch.setattr(read_origin, "find_project", lambda: folder)
    monkeypatch.setattr(read_origin, "find_root", lambda: folder)
    return folder


def test_the_pipeline_registers(
    bundle: Bundle, report: Report, client: mlflow.MlflowClient, run: mlflow.ActiveRun, project: Path
) -> None:
    mlflow.set_tag("fingerprint", bundle.fingerprint)
    report = replace(report, bundle=GeneratorIdentity(bundle.fingerprint, bundle.digest))
    gate = RegistrationParameters(compare_by="fid")
    report = replace(report, curve_sha256=table_digest(CURVE))
    values = {"bundle": bundle, "report": report, "metric_curve": CURVE, "params:registration": gate}
    catalog = DataCatalog({name: MemoryDataset(value, copy_mode="assign") for name, value in values.items()})
    catalog["registered_model"] = RegisteredModelDataset(name="piped")
    made = SequentialRunner().run(create_pipeline(), catalog)
    assert made["registration_record"].load()["model"] == "piped"
    assert made["model_card"].load().startswith("# piped\n")
    tags = client.get_model_version_by_alias("piped", "champion").tags
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=project, capture_output=True, text=True, check=True)
    assert (tags["git_commit"], tags["git_dirty"]) == (head.stdout.strip(), "false")
    assert tags["dvc_lock_sha256"] == hashlib.sha256(b"schema: '2.0'\n").hexdigest()
    assert tags["training_run"] == run.info.run_id


def test_a_curve_of_another_report_is_refused(bundle: Bundle, report: Report, client: mlflow.MlflowClient) -> None:
    report = replace(report, bundle=GeneratorIdentity(bundle.fingerprint, bundle.digest))
    with pytest.raises(MetricError, match="the report of the metric curve"):
        register(bundle, report, CURVE, RegistrationParameters(compare_by="fid"), "refused")
    assert client.search_registered_models("name = 'refused'") == []


@pytest.mark.parametrize("named", ["nothing", "fingerprint", "weights_sha256"])
def test_a_report_of_another_bundle_is_refused_before_anything_is_registered(
    named: str, bundle: Bundle, report: Report, client: mlflow.MlflowClient, run: mlflow.ActiveRun
) -> None:
    if named != "nothing":
        identity = GeneratorIdentity(bundle.fingerprint, bundle.digest)
        report = replace(report, bundle=replace(identity, **{named: "0123"}))
    with pytest.raises(RegistryError, match=r"the report of this bundle.*received one of .*--from-nodes evaluate"):
        register(bundle, report, CURVE, RegistrationParameters(compare_by="fid"), "refused")
    assert client.search_registered_models("name = 'refused'") == []


def test_a_run_that_trained_another_bundle_is_not_the_training_run(
    bundle: Bundle, run: mlflow.ActiveRun, project: Path
) -> None:
    mlflow.set_tag("fingerprint", "0123")
    assert read_origin.read_origin(bundle.path, bundle.fingerprint).training_run == ""


def test_the_training_run_is_unknown_without_dvc(bundle: Bundle, run: mlflow.ActiveRun, project: Path) -> None:
    assert read_origin.read_origin(bundle.path, bundle.fingerprint).training_run == ""


def test_a_skipped_training_is_found_by_the_bundles_bytes(
    bundle: Bundle, client: mlflow.MlflowClient, project: Path
) -> None:
    Repo.init(str(project), no_scm=True).close()
    here = project / "bundle"
    shutil.copytree(bundle.path, here)
    with mlflow.start_run() as trained:
        record_lineage(client, trained.info.run_id, project, [TrackedDataset("bundle", here, "output")])
    with mlflow.start_run():
        assert read_origin.read_origin(here, bundle.fingerprint).training_run == trained.info.run_id
        (here / "bundle.json").write_text("{}")
        assert read_origin.read_origin(here, bundle.fingerprint).training_run == ""


def test_overrides_of_training_or_registration_are_issues(
    bundle: Bundle, client: mlflow.MlflowClient, project: Path
) -> None:
    Repo.init(str(project), no_scm=True).close()
    here = project / "bundle"
    shutil.copytree(bundle.path, here)
    with mlflow.start_run(tags={"runtime_parameters": "training.seed", "conf_local": ""}) as trained:
        record_lineage(client, trained.info.run_id, project, [TrackedDataset("bundle", here, "output")])
    with mlflow.start_run(tags={"runtime_parameters": "", "conf_local": "parameters.yml"}):
        found = read_origin.read_origin(here, bundle.fingerprint)
    assert found.overrides == "--params training.seed, conf/local/parameters.yml"
    (issue,) = found.issues
    assert "training.seed" in issue
    with mlflow.start_run():
        assert replace(read_origin.read_origin(here, bundle.fingerprint), overrides="").issues == ()
    (project / "src").mkdir()
    (project / "src" / "new.py").touch()
    with mlflow.start_run():
        assert "uncommitted code" in read_origin.read_origin(here, bundle.fingerprint).issues[0]


def test_kedro_sees_the_type_of_the_parameters() -> None:
    found = TypeExtractor({"registration": create_pipeline()}).extract_types_from_pipelines()
    assert found == {"registration": RegistrationParameters}


def test_the_models_name_is_a_handle() -> None:
    dataset = RegisteredModelDataset(name="handle")
    assert dataset.load() == "handle"
    with pytest.raises(DatasetError, match="is a handle"):
        dataset.save("another")
