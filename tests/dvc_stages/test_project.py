"""The project's own dvc.yaml."""

import subprocess
from pathlib import Path

import pytest
import yaml

from ganops.dvc_stages import dvc_yaml, stages
from ganops.pipeline_registry import register_pipelines

ROOT = Path(__file__).parents[2]
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
WRITTEN = [
    next(iter(path)) if isinstance(path, dict) else path
    for stage in STAGES.values()
    for section in ("outs", "metrics", "plots")
    for path in stage.get(section, ())
]


def test_dvc_yaml_is_up_to_date() -> None:
    dvc_yaml.check(ROOT, stages.derive(ROOT, "ganops", register_pipelines()))


@pytest.mark.parametrize("path", WRITTEN)
def test_git_ignores_the_outputs_of_stages(path: str) -> None:
    """With a slash, as DVC asks for a folder: where git does not ignore one, DVC writes a .gitignore beside it."""
    for form in (path, path + "/"):
        done = subprocess.run(["git", "check-ignore", "-q", form.replace("${env}", "smoke")], cwd=ROOT, check=False)
        assert done.returncode == 0
