"""Versions, aliases and tags, on a store of one's own."""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow
import pytest

from ganops.bundle import Bundle
from ganops.errors import ConfigurationError, RegistryError
from ganops.evaluation.report import Report
from ganops.evaluation_config import RegistrationParameters
from ganops.registry import logged_model
from ganops.registry.logged_model import pip_requirements
from ganops.registry.mlflow_registry import Registration, has_finite_weights, register_bundle
from ganops.registry.origin import Origin
from ganops.registry.registration_record import make_card, make_registration_record
from ganops.registry.versions import read_aliases

from ..reports import CURVE
from .conftest import with_metrics

CLEAN = Origin(git_commit="c" * 40, git_dirty="false", dvc_lock_sha256="d" * 64, training_run="r" * 32)
LIMITS = RegistrationParameters(compare_by="fid", limits={"class_accuracy": {"minimum": 0.9}})


def test_versions_move_the_aliases(
    make_bundle: Callable[[int], Bundle],
    report: Report,
    client: mlflow.MlflowClient,
    run: mlflow.ActiveRun,
    lock: Path,
) -> None:
    assert str(register_bundle("moves", make_bundle(0), report, LIMITS, CLEAN, lock)) == "moves v1 (champion)"
    report = with_metrics(report, fid=3.0)
    assert str(register_bundle("moves", make_bundle(1), report, LIMITS, CLEAN, lock)) == "moves v2 (challenger)"
    assert read_aliases(client, "moves") == {"champion": "1", "challenger": "2"}
    report = with_metrics(report, fid=1.0)
    again = register_bundle("moves", make_bundle(1), report, LIMITS, CLEAN, lock)
    assert (again.version, again.known) == ("2", True)
    assert read_aliases(client, "moves") == {"champion": "2", "previous": "1"}
    report = with_metrics(report, class_accuracy=0.5)
    failed = register_bundle("moves", make_bundle(2), report, LIMITS, CLEAN, lock)
    assert str(failed) == "moves v3 (failed the gate)"
    assert read_aliases(client, "moves") == {"champion": "2", "previous": "1"}
    assert client.get_run(run.info.run_id).data.tags["registered_version"] == "moves v3 (failed the gate)"
    tags = client.get_model_version("moves", "3").tags
    assert (tags["gate"], tags["gate_reasons"]) == ("failed", "class_accuracy_classifier has the minimum 0.9: 0.5")


def test_tags_hold_origin_metrics_and_protocol(
    bundle: Bundle, report: Report, client: mlflow.MlflowClient, run: mlflow.ActiveRun, lock: Path
) -> None:
    register_bundle("tags", bundle, report, LIMITS, CLEAN, lock)
    version = client.get_model_version("tags", "1")
    tags = version.tags
    assert version.run_id == run.info.run_id
    assert (tags["git_commit"], tags["git_dirty"], tags["dvc_lock_sha256"]) == ("c" * 40, "false", "d" * 64)
    assert (tags["training_run"], tags["weights_sha256"], tags["store_sha256"]) == ("r" * 32, bundle.digest, "5d" * 32)
    assert (float(tags["metric.fid_classifier"]), json.loads(tags["protocol"])) == (2.0, report.protocol.to_json())
    assert len(tags["parameters_sha256"]) == len(tags["package_sha256"]) == 64


def test_a_void_metric_is_no_tag(
    bundle: Bundle, report: Report, client: mlflow.MlflowClient, run: mlflow.ActiveRun, lock: Path
) -> None:
    void = replace(report, trained_features=("classifier",))
    register_bundle("void", bundle, void, LIMITS, CLEAN, lock)
    assert not [key for key in client.get_model_version("void", "1").tags if key.startswith("metric.fid")]


def test_an_unclean_version_becomes_champion_once_its_very_code_is_committed(
    bundle: Bundle, report: Report, client: mlflow.MlflowClient, run: mlflow.ActiveRun, lock: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert (
        register_bundle("clean", bundle, report, LIMITS, Origin("c" * 40, "true"), lock).decision.alias == "challenger"
    )
    with monkeypatch.context() as patch:
        patch.setattr("ganops.registry.mlflow_registry.source_digest", lambda: "other code")
        assert register_bundle("clean", bundle, report, LIMITS, CLEAN, lock).decision.alias == "challenger"
    assert register_bundle("clean", bundle, report, LIMITS, CLEAN, lock).decision.alias == "champion"
    assert register_bundle("clean", bundle, report, LIMITS, Origin("e" * 40, "true"), lock).decision.alias == "champion"
    assert client.get_model_version("clean", "1").tags["git_commit"] == "c" * 40
    assert read_aliases(client, "clean") == {"champion": "1"}


def test_weights_that_are_not_finite_get_no_alias(
    bundle: Bundle, report: Report, client: mlflow.MlflowClient, run: mlflow.ActiveRun, lock: Path
) -> None:
    assert has_finite_weights(bundle)
    next(bundle.generator.networks["generator"].parameters()).view(-1)[0] = float("nan")
    done = register_bundle("nan", bundle, report, LIMITS, CLEAN, lock)
    assert str(done) == "nan v1 (failed the gate)"
    assert read_aliases(client, "nan") == {}


def test_a_model_that_gives_other_pictures_fails_the_gate(
    make_bundle: Callable[[int], Bundle], report: Report, client: mlflow.MlflowClient, run: mlflow.ActiveRun,
    lock: Path,
) -> None:  # fmt: skip
    unlike_its_files = replace(make_bundle(0), generator=make_bundle(1).generator)
    done = register_bundle("differs", unlike_its_files, report, LIMITS, CLEAN, lock)
    assert str(done) == "differs v1 (failed the gate)"
    assert "gives the samples of the bundle, byte for byte: samples 0, 1, 2 differ" in done.decision.reasons[0]
    assert read_aliases(client, "differs") == {}


def test_points_come_back_exactly_from_the_logged_model(
    point_bundle: Bundle, report: Report, client: mlflow.MlflowClient, run: mlflow.ActiveRun, lock: Path
) -> None:
    done = register_bundle("points", point_bundle, report, LIMITS, CLEAN, lock)
    assert "passed (yes): the logged model gives the samples of the bundle, byte for byte" in map(str, done.checks)
    assert read_aliases(client, "points") == {"champion": "1"}


def test_known_weights_get_a_new_version_where_the_old_one_gives_other_pictures(
    make_bundle: Callable[[int], Bundle], report: Report, client: mlflow.MlflowClient, run: mlflow.ActiveRun,
    lock: Path,
) -> None:  # fmt: skip
    """Another generator beside the same weights stands for a model that is damaged."""
    bundle = make_bundle(0)
    register_bundle("code", bundle, report, LIMITS, CLEAN, lock)
    done = register_bundle("code", replace(bundle, generator=make_bundle(1).generator), report, LIMITS, CLEAN, lock)
    assert (str(done), done.known) == ("code v2 (failed the gate)", False)
    assert read_aliases(client, "code") == {"champion": "1"}
    again = register_bundle("code", bundle, report, LIMITS, CLEAN, lock)
    assert (again.version, again.known) == ("2", True)


def test_known_weights_get_a_new_version_where_the_code_of_the_old_one_does_not_run(
    bundle: Bundle, report: Report, client: mlflow.MlflowClient, run: mlflow.ActiveRun, lock: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    register_bundle("old_code", bundle, report, LIMITS, CLEAN, lock)
    errors = iter([ModuleNotFoundError("No module named 'ganops.registry.old_module'")])

    def run_code(*arguments: Any) -> list[int]:
        for error in errors:
            raise error
        return []

    monkeypatch.setattr("ganops.registry.mlflow_registry.find_differing_samples", run_code)
    done = register_bundle("old_code", bundle, report, LIMITS, CLEAN, lock)
    assert (done.version, done.known) == ("2", False)
    assert (
        "version 1: its code does not run here (ModuleNotFoundError"
        in client.get_model_version("old_code", "2").tags["replaces"]
    )


def test_a_failing_challenger_loses_its_alias_and_a_failing_champion_is_a_warning(
    make_bundle: Callable[[int], Bundle], report: Report, client: mlflow.MlflowClient, run: mlflow.ActiveRun,
    lock: Path, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    register_bundle("fails", make_bundle(0), report, LIMITS, CLEAN, lock)
    report = with_metrics(report, fid=3.0)
    register_bundle("fails", make_bundle(1), report, LIMITS, CLEAN, lock)
    register_bundle("fails", make_bundle(2), report, LIMITS, CLEAN, lock)
    assert read_aliases(client, "fails") == {"champion": "1", "challenger": "3"}
    report = with_metrics(report, class_accuracy=0.5)
    register_bundle("fails", make_bundle(1), report, LIMITS, CLEAN, lock)
    assert read_aliases(client, "fails") == {"champion": "1", "challenger": "3"}
    register_bundle("fails", make_bundle(2), report, LIMITS, CLEAN, lock)
    assert read_aliases(client, "fails") == {"champion": "1"}
    assert [record for record in caplog.records if record.name.startswith("ganops")] == []
    done = register_bundle("fails", make_bundle(0), report, LIMITS, CLEAN, lock)
    reason = "class_accuracy_classifier has the minimum 0.9: 0.5"
    said = f"fails v1 (still champion, but by today's gate failed the gate: {reason})"
    assert str(done) == client.get_run(run.info.run_id).data.tags["registered_version"] == said
    assert said in caplog.text
    assert read_aliases(client, "fails") == {"champion": "1"}
    assert client.get_model_version("fails", "1").tags["gate"] == "failed"


def test_concurrent_registrations_give_one_champion_and_one_version_per_weights(
    make_bundle: Callable[[int], Bundle], report: Report, client: mlflow.MlflowClient, run: mlflow.ActiveRun,
    lock: Path,
) -> None:  # fmt: skip
    """Three registrations at once, two with the same weights: each waits at the lock for the one before."""

    def register(bundle: Bundle, fid: float) -> Registration:
        with mlflow.start_run(run_id=run.info.run_id):
            return register_bundle("atonce", bundle, with_metrics(report, fid=fid), LIMITS, CLEAN, lock)

    bundles = [make_bundle(0), make_bundle(1), make_bundle(1)]
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(register, bundles, (2.0, 2.5, 2.5)))
    versions = client.search_model_versions("name = 'atonce'")
    assert len(versions) == 2
    assert sorted(one.known for one in done) == [False, False, True]
    worse = next(version for version in versions if version.tags["weights_sha256"] == bundles[1].digest)
    aliases = read_aliases(client, "atonce")
    best = next(version for version in versions if version is not worse)
    assert aliases["champion"] == str(best.version)


def test_a_wrong_limit_stops_before_anything_is_logged(
    bundle: Bundle, report: Report, client: mlflow.MlflowClient, run: mlflow.ActiveRun, lock: Path
) -> None:
    wrong = RegistrationParameters(compare_by="fid", limits={"fidelity": {"minimum": 0.9}})
    with pytest.raises(ConfigurationError, match="expected a metric of the report: class_accuracy, fid"):
        register_bundle("wrong", bundle, report, wrong, CLEAN, lock)
    assert mlflow.search_logged_models(filter_string=f"source_run_id = '{run.info.run_id}'", output_format="list") == []


def test_registration_without_a_run_is_an_error(
    bundle: Bundle, report: Report, client: mlflow.MlflowClient, lock: Path
) -> None:
    with pytest.raises(RegistryError, match=r"mlflow\.start_run"):
        register_bundle("none", bundle, report, LIMITS, CLEAN, lock)


def test_the_model_carries_sources_only_and_pins_what_serving_imports(
    bundle: Bundle, report: Report, client: mlflow.MlflowClient, run: mlflow.ActiveRun, lock: Path
) -> None:
    before = list(logged_model.sys.path)
    uri = logged_model.log_bundle(bundle, 4)
    assert logged_model.sys.path == before
    folder = Path(mlflow.artifacts.download_artifacts(uri))
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in (folder / "code").rglob("*") if path.is_file()} == {".py"}
    assert sum(path.stat().st_size for path in files) < 2_000_000
    assert (folder / "requirements.txt").read_text().split() == pip_requirements(None)
    assert all("==" in line and "+" not in line for line in pip_requirements(None))


def test_a_served_model_imports_only_what_its_environment_has() -> None:
    """What the project needs besides is blocked: a server has the requirements of the model alone."""
    blocked = ["dvc", "grimp", "kedro", "matplotlib", "mlxtend", "skimage", "torch_fidelity", "torchvision"]
    code = f"""
import sys
from importlib.abc import MetaPathFinder

class Blocked(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(name)

import mlflow.pyfunc
sys.meta_path.insert(0, Blocked())
import ganops.registry.serving_model
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_record_and_card_do_not_depend_on_the_registry(
    bundle: Bundle, report: Report, client: mlflow.MlflowClient, run: mlflow.ActiveRun, lock: Path
) -> None:
    first = register_bundle("same", bundle, report, LIMITS, Origin("c" * 40, "true"), lock)
    second = register_bundle("same", bundle, report, LIMITS, CLEAN, lock)
    made = [make_registration_record("same", bundle, report, done.checks) for done in (first, second)]
    assert made[0] == made[1]
    assert made[0]["weights_sha256"] == bundle.digest
    assert [check["detail"] for check in made[0]["checks"]] == ["yes", "yes", "2", "0.95"]
    cards = {make_card("same", bundle, report, CURVE, done.checks, LIMITS) for done in (first, second)}
    assert len(cards) == 1
