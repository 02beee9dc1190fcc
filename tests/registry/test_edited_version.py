"""A registered version that is edited in the artifact store: none of its code is run, and the error says why."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle
import mlflow
import pytest
import yaml

from ganops.bundle import Bundle
from ganops.errors import RegistryError
from ganops.evaluation.report import Report
from ganops.evaluation_config import RegistrationParameters
from ganops.registry.generate import load_bundle
from ganops.registry.logged_model import copy_package
from ganops.registry.mlflow_registry import Registration, register_bundle
from ganops.registry.origin import Origin
from ganops.registry.versions import read_aliases

CLEAN = Origin(git_commit="c" * 40, git_dirty="false")
GATE = RegistrationParameters(compare_by="fid")


@dataclass(frozen=True)
class Registered:
    """A version, its files in the store, and the marker that planted code would leave."""

    name: str
    files: Path
    other: Path
    marker: Path
    again: Callable[[], Registration]

    @property
    def planted(self) -> str:
        return f"open({str(self.marker)!r}, 'w').close()\n"

    def edit_mlmodel(self, change: Callable[[dict[str, Any]], None]) -> None:
        description = yaml.safe_load((self.files / "MLmodel").read_text())
        change(description["flavors"]["python_function"])
        (self.files / "MLmodel").write_text(yaml.safe_dump(description))


@pytest.fixture
def registered(
    make_bundle: Callable[[int], Bundle], report: Report, client: mlflow.MlflowClient, run: mlflow.ActiveRun,
    lock: Path, tmp_path: Path, request: pytest.FixtureRequest,
) -> Registered:  # fmt: skip
    name = "edited_" + "".join(filter(str.isalnum, request.node.name))

    def register() -> Registration:
        return register_bundle(name, make_bundle(0), report, GATE, CLEAN, lock)

    assert str(register()) == f"{name} v1 (champion)"
    files = Path(client.get_model_version_download_uri(name, "1"))
    return Registered(name, files, make_bundle(1).path, tmp_path / "marker", register)


def edit_serving_code(registered: Registered) -> str:
    file = registered.files / "serving_model.py"
    file.write_text(registered.planted + file.read_text())
    return "changed: serving_model.py"


def edit_package(registered: Registered) -> str:
    file = registered.files / "code" / "ganops" / "sampling.py"
    file.write_text(registered.planted + file.read_text())
    return "changed: code/ganops/sampling.py"


class _Planted:
    def __init__(self, marker: Path) -> None:
        self.marker = str(marker)

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self.marker, "w")


def plant_pickle(registered: Registered) -> str:
    with (registered.files / "python_model.pkl").open("wb") as file:
        cloudpickle.dump(_Planted(registered.marker), file)

    def load_it(flavor: dict[str, Any]) -> None:
        del flavor["model_code_path"]
        flavor.update(python_model="python_model.pkl", cloudpickle_version=cloudpickle.__version__)

    registered.edit_mlmodel(load_it)
    return "changed: MLmodel; added: python_model.pkl"


def plant_loader(registered: Registered) -> str:
    (registered.files / "code" / "planted_loader.py").write_text(registered.planted)
    registered.edit_mlmodel(lambda flavor: flavor.update(loader_module="planted_loader"))
    return "changed: MLmodel; added: code/planted_loader.py"


def swap_weights(registered: Registered) -> str:
    shutil.copy(registered.other / "weights.safetensors", registered.files / "artifacts" / "bundle")
    return "changed: artifacts/bundle/weights.safetensors"


def lead_out(registered: Registered) -> str:
    registered.edit_mlmodel(lambda flavor: flavor["artifacts"]["bundle"].update(path=str(registered.other)))
    return "changed: MLmodel"


EDITS = [edit_serving_code, edit_package, plant_pickle, plant_loader, swap_weights, lead_out]


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_version_is_refused_and_replaced(
    edit: Callable[[Registered], str], registered: Registered, client: mlflow.MlflowClient,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    differing = edit(registered)
    name = registered.name
    with pytest.raises(RegistryError) as caught:
        load_bundle(f"models:/{name}@champion")
    assert (caught.value.subject, caught.value.received) == (f"{name} version 1", differing)
    again = registered.again()
    assert (again.version, again.known, again.decision.alias) == ("2", False, "champion")
    assert differing in client.get_model_version(name, "2").tags["replaces"]
    assert differing in caplog.text
    assert not registered.marker.exists(), "planted code was run"
    assert read_aliases(client, name) == {"champion": "2", "previous": "1"}
    assert load_bundle(f"models:/{name}@champion").digest == client.get_model_version(name, "2").tags["weights_sha256"]


def test_the_planted_code_would_run(registered: Registered) -> None:
    """So that the marker that is missing above proves something."""
    edit_serving_code(registered)
    mlflow.pyfunc.load_model(str(registered.files), suppress_warnings=True)
    assert registered.marker.exists()


def test_what_loading_leaves_in_the_store_is_no_edit(registered: Registered) -> None:
    name = registered.name
    mlflow.pyfunc.load_model(f"models:/{name}/1", suppress_warnings=True)
    assert (registered.files / "registered_model_meta").exists()
    (registered.files / "code" / "ganops" / "__pycache__").mkdir()
    (registered.files / "code" / "ganops" / "__pycache__" / "sampling.cpython-311.pyc").write_bytes(b"planted")
    again = registered.again()
    assert (again.version, again.known) == ("1", True)
    assert load_bundle(f"models:/{name}/1").digest


def test_a_folder_named_like_a_file_of_mlflow_is_an_edit(registered: Registered) -> None:
    (registered.files / "registered_model_meta").unlink(missing_ok=True)
    (registered.files / "registered_model_meta").mkdir()
    (registered.files / "registered_model_meta" / "planted.py").write_text(registered.planted)
    with pytest.raises(RegistryError, match=r"added: registered_model_meta/planted\.py"):
        load_bundle(f"models:/{registered.name}/1")


@pytest.mark.parametrize("target", ["file", "folder", "pipe"])
def test_links_and_special_files_are_refused(target: str, registered: Registered, tmp_path: Path) -> None:
    bundle = registered.files / "artifacts" / "bundle"
    if target == "folder":
        bundle.rename(tmp_path / "elsewhere")
        bundle.symlink_to(tmp_path / "elsewhere")
    elif target == "file":
        (bundle / "weights.safetensors").rename(tmp_path / "elsewhere")
        (bundle / "weights.safetensors").symlink_to(tmp_path / "elsewhere")
    else:
        subprocess.run(["mkfifo", str(bundle / "pipe")], check=True)
    with pytest.raises(RegistryError, match="a link or a special file"):
        load_bundle(f"models:/{registered.name}/1")
    assert registered.again().version == "2"


def test_files_that_are_gone_are_said_and_replaced(registered: Registered) -> None:
    shutil.rmtree(registered.files / "artifacts")
    again = registered.again()
    assert again.version == "2"
    with pytest.raises(RegistryError, match=r"missing: artifacts/bundle/bundle\.json"):
        load_bundle(f"models:/{again.name}/1")
    shutil.rmtree(registered.files)
    with pytest.raises(RegistryError, match="version 1: expected"):
        load_bundle(f"models:/{again.name}/1")


def test_an_edited_list_of_checksums_is_not_trusted(registered: Registered, client: mlflow.MlflowClient) -> None:
    edit_serving_code(registered)
    version = client.get_model_version(registered.name, "1")
    folder = Path(client.get_run(version.run_id or "").info.artifact_uri or "") / "checksums"
    (folder / f"{version.tags['artifacts_sha256']}.txt").write_text("")
    with pytest.raises(RegistryError, match="the run lacks the list of checksums"):
        load_bundle(f"models:/{version.name}/1")


def test_a_version_without_checksums_is_checked_by_its_weights(
    registered: Registered, client: mlflow.MlflowClient, caplog: pytest.LogCaptureFixture
) -> None:
    version = client.get_model_version(registered.name, "1")
    client.delete_model_version_tag(version.name, version.version, "artifacts_sha256")
    assert load_bundle(f"models:/{version.name}/1").digest == version.tags["weights_sha256"]
    assert "only its weights are checked" in caplog.text
    shutil.copytree(registered.other, registered.files / "artifacts" / "bundle", dirs_exist_ok=True)
    with pytest.raises(RegistryError, match="the bundle of its tag weights_sha256"):
        load_bundle(f"models:/{version.name}/1")
    lead_out(registered)
    with pytest.raises(RegistryError, match="lies outside the version"):
        load_bundle(f"models:/{version.name}/1")
    edit_serving_code(registered)
    again = registered.again()
    assert (again.version, registered.marker.exists()) == ("2", False)
    assert "received a version without it" in client.get_model_version(version.name, "2").tags["replaces"]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a package with what people leave in a source folder."""
    package = tmp_path / "project" / "src" / "ganops"
    for name in ("code.py", "part/more.py", "untracked.py", "ignored.py", ".env", "notes.txt", "part/key.pem"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("sesame")
    return package


def copied(package: Path, folder: Path) -> set[str]:
    made = copy_package(package, folder)
    assert made == folder / "ganops"
    return {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}


def test_a_model_gets_the_tracked_python_files_alone(
    package: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = package.parents[1]
    (root / ".gitignore").write_text("ignored.py\n")
    for command in (["init", "-q"], ["add", "src/ganops/code.py", "src/ganops/part/more.py", "src/ganops/notes.txt"]):
        subprocess.run(["git", "-C", str(root), *command], check=True)
    assert copied(package, tmp_path / "copy") == {"code.py", "part/more.py"}
    assert "without ignored.py, untracked.py" in caplog.text


def test_outside_git_a_model_gets_the_python_files(package: Path, tmp_path: Path) -> None:
    assert copied(package, tmp_path / "copy") == {"code.py", "part/more.py", "untracked.py", "ignored.py"}
