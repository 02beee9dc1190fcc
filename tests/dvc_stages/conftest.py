"""A miniature Kedro project of two pipelines: numbers are doubled, then summed."""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

FILES = {
    "pyproject.toml": """
        [tool.kedro]
        package_name = "mini"
        project_name = "mini"
        kedro_init_version = "1.7.0"
        source_dir = "src"
    """,
    ".gitignore": "data/**\n!data/**/\n!data/01_raw/**\n",
    ".dvcignore": "__pycache__/\n*.pyc\n",
    "conf/dvc.yml": "env: small\n",
    "conf/base/globals.yml": "environment: small\n",
    "conf/base/parameters_doubling.yml": "doubling: {factor: 2}\n",
    "conf/base/parameters_summing.yml": "summing: {offset: 0}\n",
    "conf/base/catalog_doubling.yml": """
        numbers:
          type: mini.kedro_datasets.numbers.NumbersDataset
          path: data/01_raw/${globals:environment}
        doubled:
          type: json.JSONDataset
          filepath: data/03_primary/${globals:environment}/doubled.json
          metadata: {dvc: out}
        unversioned:
          type: json.JSONDataset
          filepath: data/unversioned.json
          metadata: {dvc: none}
    """,
    "conf/base/catalog_summing.yml": """
        total:
          type: json.JSONDataset
          filepath: data/08_reporting/${globals:environment}/total.json
          metadata: {dvc: metric}
        sums:
          type: pandas.CSVDataset
          filepath: data/08_reporting/${globals:environment}/sums.csv
          metadata: {dvc: plot, dvc_plot: {x: step}}
    """,
    "conf/small/globals.yml": "environment: small\n",
    "conf/small/parameters_doubling.yml": "doubling: {}\n",
    "conf/small/parameters_summing.yml": "summing: {}\n",
    "conf/large/globals.yml": "environment: large\n",
    "conf/large/parameters_doubling.yml": "doubling: {factor: 10}\n",
    "conf/large/parameters_summing.yml": "summing: {}\n",
    "data/01_raw/small/numbers.txt": "1 2 3",
    "data/01_raw/large/numbers.txt": "1 2 3 4",
    "src/mini/__init__.py": "",
    "src/mini/settings.py": """
        DISABLE_HOOKS_FOR_PLUGINS = ("kedro_mlflow", "kedro-telemetry", "kedro-viz")
        CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "local", "merge_strategy": {"parameters": "soft"}}
    """,
    "src/mini/cli.py": "from ganops.cli import cli\n",
    "src/mini/pipeline_registry.py": """
        from mini.pipelines.doubling import pipeline as doubling
        from mini.pipelines.summing import pipeline as summing


        def register_pipelines():
            parts = {"doubling": doubling.create_pipeline(), "summing": summing.create_pipeline()}
            return {"__default__": sum(parts.values()), **parts}
    """,
    "src/mini/kedro_datasets/__init__.py": "",
    "src/mini/kedro_datasets/numbers.py": """
        from pathlib import Path

        from kedro.io import AbstractDataset

        from mini import reading


        class NumbersDataset(AbstractDataset):
            def __init__(self, path: str, metadata: dict | None = None) -> None:
                self._path, self.metadata = Path(path), metadata

            def load(self) -> list[int]:
                return reading.parse((self._path / "numbers.txt").read_text())

            def save(self, data: None) -> None:
                raise NotImplementedError

            def _describe(self) -> dict:
                return {"path": self._path}
    """,
    "src/mini/reading.py": """
        from ganops.errors import DataError

        from mini import errors


        def parse(text: str) -> list[int]:
            if not text:
                raise DataError("numbers.txt", expected="numbers", received="nothing", remedy="Write some.")
            return [int(word) for word in text.split()]
    """,
    "src/mini/kedro_datasets/unused.py": "",
    "src/mini/pipelines/__init__.py": "",
    "src/mini/pipelines/doubling/__init__.py": "",
    "src/mini/pipelines/doubling/nodes.py": """
        def double(numbers: list[int], parameters: dict) -> tuple[list[int], list[int]]:
            from mini.arithmetic.products import times
            from mini.tracking import record

            record("doubling")
            return [times(number, parameters["factor"]) for number in numbers], numbers
    """,
    "src/mini/pipelines/doubling/pipeline.py": """
        from kedro.pipeline import Pipeline, node

        from mini.pipelines.doubling.nodes import double


        def create_pipeline() -> Pipeline:
            return Pipeline([node(double, ["numbers", "params:doubling"], ["doubled", "unversioned"], name="double")])
    """,
    "src/mini/pipelines/summing/__init__.py": "",
    "src/mini/pipelines/summing/nodes.py": """
        import pandas as pd


        def add(doubled: list[int], offset: int) -> tuple[dict, pd.DataFrame]:
            total = sum(doubled) + offset
            return {"total": total}, pd.DataFrame({"step": range(len(doubled)), "doubled": doubled})
    """,
    "src/mini/pipelines/summing/pipeline.py": """
        from kedro.pipeline import Pipeline, node

        from mini.pipelines.summing.nodes import add


        def create_pipeline() -> Pipeline:
            return Pipeline([node(add, ["doubled", "params:summing.offset"], ["total", "sums"], name="add")])
    """,
    "src/mini/arithmetic/__init__.py": "",
    "src/mini/arithmetic/products.py": """
        from ..constants import ONE


        def times(left: int, right: int) -> int:
            return ONE * left * right
    """,
    "src/mini/arithmetic/unused.py": "",
    "src/mini/constants.py": "ONE = 1\n",
    "src/mini/tracking/__init__.py": "import mini.secrets\n\n\ndef record(text: str) -> None:\n    pass\n",
    "src/mini/errors.py": "",
    "src/mini/secrets.py": "",
}


@pytest.fixture
def mini(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the root of a fresh copy of the project, importable as `mini` while the test runs."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    monkeypatch.syspath_prepend(tmp_path / "src")
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] == "mini"]:
        del sys.modules[name]
