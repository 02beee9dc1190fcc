"""Which package may import which, and how much Kedro's start may cost."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "ganops"
CONTRACTS = {
    contract["id"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
LOWEST_ROW_WITH_FRAMEWORKS = "kedro_datasets | registry | tracking"

# Names the first module that imports each heavy package; then the state of telemetry under the project's settings.
START = """
import importlib, json, sys
heavy = {}
for module in sys.argv[1:]:
    importlib.import_module(module)
    for package in ("torch", "matplotlib", "mlflow", "dvc"):
        if package in sys.modules:
            heavy.setdefault(package, module)
importlib.import_module("ganops.pipeline_registry").register_pipelines()
from mlflow.telemetry.utils import is_telemetry_disabled
from kedro_telemetry.plugin import _check_for_telemetry_consent
mlflow, kedro = not is_telemetry_disabled(), bool(_check_for_telemetry_consent(None))
print(json.dumps({"heavy": heavy, "mlflow telemetry": mlflow, "kedro telemetry": kedro}))
"""


def exists(name: str) -> bool:
    return (SOURCE / name / "__init__.py").exists() or (SOURCE / f"{name}.py").exists()


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{len(CONTRACTS)} kept, 0 broken" in result.stdout


def test_the_rows_below_tracking_are_free_of_frameworks() -> None:
    rows = CONTRACTS["layers"]["layers"]
    below = rows[rows.index(LOWEST_ROW_WITH_FRAMEWORKS) + 1 :]
    names = [name.strip(" ()") for row in below for name in row.split("|")]
    assert CONTRACTS["frameworks"]["source_modules"] == [f"ganops.{name}" for name in names if exists(name)]


def light_modules() -> list[str]:
    """Return the modules that Kedro imports at the start of every command, and those that run before the first node."""
    names = ("settings", "hooks", "pipeline_registry", "cli", "start_checks", "torchrun_worker")
    paths = [SOURCE / f"{name}.py" for name in names]
    paths += [*SOURCE.glob("pipelines/*/nodes.py"), *SOURCE.glob("pipelines/*/pipeline.py")]
    paths += [path for path in SOURCE.glob("kedro_datasets/*.py") if path.stem != "__init__"]
    return sorted(".".join(path.relative_to(ROOT / "src").with_suffix("").parts) for path in paths)


def test_the_start_of_kedro_imports_nothing_heavy_and_disables_telemetry() -> None:
    """Without the Makefile too, and outside of a CI's variables, which would disable telemetry by themselves."""
    modules = light_modules()
    assert len(modules) >= 6 + 2 * 4 + 5
    environment = {"PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", START, *modules]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[-1]) == {
        "heavy": {},
        "mlflow telemetry": False,
        "kedro telemetry": False,
    }
