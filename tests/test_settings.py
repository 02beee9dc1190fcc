"""Kedro's settings of the project."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from kedro.config import OmegaConfigLoader

from ganops.settings import CONFIG_LOADER_ARGS

PROJECT = Path(__file__).parents[1]


def _loader(folder: Path, env: str) -> OmegaConfigLoader:
    return OmegaConfigLoader(str(folder), env=env, **CONFIG_LOADER_ARGS)


def test_an_environment_changes_single_keys_and_the_command_line_wins(tmp_path: Path) -> None:
    for name, text in (("base", "{a: 1, b: {c: 2, d: 3}}"), ("smoke", "{b: {c: 4}}")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "parameters_group.yml").write_text(f"group: {text}\n")
    assert _loader(tmp_path, "smoke")["parameters"] == {"group": {"a": 1, "b": {"c": 4, "d": 3}}}


def test_paths_are_at_the_root_of_dvc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "original"))
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "mlflow.yml").write_text((PROJECT / "conf/base/mlflow.yml").read_text())
    (tmp_path / "base" / "catalog.yml").write_text("a: {path: '${root:}/.checkpoints', home: '${oc.env:DVC_ROOT}'}\n")
    loader = _loader(tmp_path, "base")
    loader.config_patterns["mlflow"] = ["mlflow*"]
    original = tmp_path / "original"
    assert loader["catalog"] == {"a": {"path": f"{original}/.checkpoints", "home": str(original)}}
    assert loader["mlflow"]["server"]["mlflow_tracking_uri"] == f"sqlite:///{original}/mlflow.db"
    experiment = loader["mlflow"]["tracking"]["experiment"]
    assert experiment["create_experiment_kwargs"]["artifact_location"] == f"{original}/mlartifacts"


def test_mlflow_unpickles_nothing_unless_the_user_allows_it() -> None:
    code = """
import ganops.settings
from mlflow.environment_variables import MLFLOW_ALLOW_PICKLE_DESERIALIZATION
print(MLFLOW_ALLOW_PICKLE_DESERIALIZATION.get())
"""
    name = "MLFLOW_ALLOW_PICKLE_DESERIALIZATION"
    environment = {key: value for key, value in os.environ.items() if key != name}
    outputs = [
        subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True).stdout
        for variables in (environment, environment | {name: "true"})
    ]
    assert [text.splitlines()[-1] for text in outputs] == ["False", "True"]
    makefile = (PROJECT / "Makefile").read_text()
    assert f"export {name} ?= false" in makefile


@pytest.mark.parametrize(
    ("address", "quiet"), [("https://me:sesame@tracking.example.org", "true"), ("https://tracking.example.org", "None")]
)
def test_mlflow_prints_no_address_with_a_password(address: str, quiet: str) -> None:
    code = "import os, ganops.settings; print(os.environ.get('MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT'))"
    variables = os.environ | {"MLFLOW_TRACKING_URI": address}
    child = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True)
    assert child.stdout.splitlines()[-1] == quiet
