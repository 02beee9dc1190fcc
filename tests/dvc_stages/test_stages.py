import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from ganops.dvc_stages import dvc_yaml, stages
from ganops.errors import StageError


def _derive(root: Path) -> dict[str, Any]:
    registry = importlib.import_module("mini.pipeline_registry")
    return stages.derive(root, "mini", registry.register_pipelines())


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_stages_are_the_pipelines(mini: Path) -> None:
    assert _derive(mini) == {
        "vars": ["conf/dvc.yml"],
        "stages": {
            "doubling": {
                "cmd": "kedro run --env ${env} --pipelines doubling",
                "deps": [
                    "data/01_raw/${env}",
                    "src/mini/arithmetic",
                    "src/mini/constants.py",
                    "src/mini/kedro_datasets/numbers.py",
                    "src/mini/pipelines/doubling",
                    "src/mini/reading.py",
                ],
                "params": [
                    {"conf/base/parameters_doubling.yml": ["doubling"]},
                    {"conf/${env}/parameters_doubling.yml": None},
                ],
                "outs": ["data/03_primary/${env}/doubled.json"],
            },
            "summing": {
                "cmd": "kedro run --env ${env} --pipelines summing",
                "deps": ["data/03_primary/${env}/doubled.json", "src/mini/pipelines/summing"],
                "params": [
                    {"conf/base/parameters_summing.yml": ["summing"]},
                    {"conf/${env}/parameters_summing.yml": None},
                ],
                "metrics": ["data/08_reporting/${env}/total.json"],
                "plots": [{"data/08_reporting/${env}/sums.csv": {"x": "step"}}],
            },
        },
    }


def test_the_file_is_written_only_where_it_is_out_of_date(mini: Path) -> None:
    content = _derive(mini)
    assert dvc_yaml.write(mini, content)
    first = (mini / "dvc.yaml").read_bytes()
    assert yaml.safe_load(first) == content
    assert not dvc_yaml.write(mini, _derive(mini))
    assert (mini / "dvc.yaml").read_bytes() == first
    assert not list(mini.glob(".dvc.yaml*"))
    dvc_yaml.check(mini, content)


def test_check_names_a_line_that_differs(mini: Path) -> None:
    dvc_yaml.write(mini, _derive(mini))
    _replace(mini / "conf/base/catalog_doubling.yml", "03_primary", "05_model_input")
    with pytest.raises(StageError, match=r"03_primary.*kedro dvc sync"):
        dvc_yaml.check(mini, _derive(mini))


def test_check_fails_when_a_node_imports_another_folder(mini: Path) -> None:
    dvc_yaml.write(mini, _derive(mini))
    _replace(mini / "src/mini/pipelines/summing/nodes.py", "total = sum", "import mini.constants\n    total = sum")
    with pytest.raises(StageError, match=r"constants\.py"):
        dvc_yaml.check(mini, _derive(mini))


def test_check_without_a_file_is_an_error(mini: Path) -> None:
    with pytest.raises(StageError, match="received no file"):
        dvc_yaml.check(mini, _derive(mini))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("conf/base/catalog_summing.yml", "dvc: metric", "dvc: metrics", "total in the catalog: expected metadata.dvc"),
        ("conf/base/catalog_summing.yml", "dvc: metric", "mlflow: none", "received nothing, though a pipeline makes"),
        ("conf/base/catalog_summing.yml", "${globals:environment}/total", "${root:}/total", "as its only variable"),
        ("conf/base/catalog_doubling.yml", "numbers:", "other:", "numbers: expected a dataset of conf/base"),
        ("conf/base/parameters_summing.yml", "summing:", "adding:", "params:summing: expected a top-level key"),
    ],
)
def test_an_incomplete_catalog_or_parameters_file_is_refused(
    mini: Path, file: str, old: str, new: str, message: str
) -> None:
    _replace(mini / file, old, new)
    with pytest.raises(StageError) as caught:
        _derive(mini)
    assert message in str(caught.value)


@pytest.mark.parametrize("text", [None, "", "# only a remark\n"])
def test_an_environment_without_a_key_in_each_parameters_file_is_refused(mini: Path, text: str | None) -> None:
    file = mini / "conf/large/parameters_summing.yml"
    file.unlink() if text is None else file.write_text(text)
    with pytest.raises(StageError) as caught:
        _derive(mini)
    assert caught.value.subject == "conf/large/parameters_summing.yml"
    assert caught.value.received == ("no file" if text is None else "an empty file")


def test_conf_local_needs_no_parameters_file(mini: Path) -> None:
    before = _derive(mini)
    (mini / "conf/local").mkdir()
    assert _derive(mini) == before
