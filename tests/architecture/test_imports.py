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

NAME_WHO_LOADS = """
import importlib, json, sys
culprits = {}
for module in sys.argv[1:]:
    importlib.import_module(module)
    for heavy in ("torch", "matplotlib", "mlflow", "dvc"):
        if heavy in sys.modules:
            culprits.setdefault(heavy, module)
print(json.dumps(culprits))
"""


def exists(name: str) -> bool:
    return (SOURCE / name / "__init__.py").exists() or (SOURCE / f"{name}.py").exists()


def test_the_contracts_are_kept() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{len(CONTRACTS)} kept, 0 broken" in result.stdout


def test_every_row_below_the_fourth_is_free_of_frameworks() -> None:
    rows = CONTRACTS["layers"]["layers"]
    below = rows[rows.index(LOWEST_ROW_WITH_FRAMEWORKS) + 1 :]
    names = [name.strip(" ()") for row in below for name in row.split("|")]
    assert CONTRACTS["frameworks"]["source_modules"] == [f"ganops.{name}" for name in names if exists(name)]


def modules_that_kedro_imports_at_start() -> list[str]:
    paths = [SOURCE / f"{name}.py" for name in ("settings", "hooks", "pipeline_registry", "cli")]
    paths += [*SOURCE.glob("pipelines/*/nodes.py"), *SOURCE.glob("pipelines/*/pipeline.py")]
    paths += [path for path in SOURCE.glob("kedro_datasets/*.py") if path.stem != "__init__"]
    return sorted(".".join(path.relative_to(ROOT / "src").with_suffix("").parts) for path in paths)


def test_what_kedro_imports_at_start_is_light() -> None:
    modules = modules_that_kedro_imports_at_start()
    assert len(modules) >= 4 + 2 * 4 + 5
    command = [sys.executable, "-c", NAME_WHO_LOADS, *modules]
    result = subprocess.run(command, cwd=ROOT, env=light_environment(), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == {}


def light_environment() -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT / "src"), "KEDRO_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "true"}


def test_settings_switch_the_telemetry_off() -> None:
    """Without the Makefile too, and outside of a CI's variables, which would switch it off by themselves."""
    ask = "import ganops.settings; from mlflow.telemetry import utils; print(utils.is_telemetry_disabled())"
    environment = {"PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", ask]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["True"]
