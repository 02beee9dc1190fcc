"""The project as `kedro package` ships it: a wheel and an archive of conf, in a folder of its own."""

import os
import site
import subprocess
import sys
from pathlib import Path

import pytest

from ..projects import clone_working_tree

pytestmark = pytest.mark.proof


def test_a_packaged_project_runs_and_generates_in_an_empty_folder(tmp_path: Path) -> None:
    project = clone_working_tree(tmp_path / "project")
    # As `kedro package` does, which would fetch the build's requirements.
    project.call_well("python", "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist")
    project.call_well("tar", "--exclude=local/*.yml", "-czf", "dist/conf-ganops.tar.gz", "conf")
    (wheel,) = (project.path / "dist").glob("*.whl")
    project.call_well("python", "-m", "venv", "--without-pip", str(tmp_path / "venv"))
    (packages,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    (packages / "installed.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
    project.call_well(
        "python", "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(packages), str(wheel)
    )

    folder = tmp_path / "empty"
    folder.mkdir()
    inherited = ("PATH", "HOME", "LANG", "OMP_NUM_THREADS", "DO_NOT_TRACK")
    environment = {name: os.environ[name] for name in inherited if name in os.environ}
    python = tmp_path / "venv" / "bin" / Path(sys.executable).name
    if not python.exists():
        python = tmp_path / "venv" / "bin" / "python"

    def call(*command: str) -> str:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False, timeout=600
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    conf = str(project.path / "dist" / "conf-ganops.tar.gz")
    output = call(str(python), "-m", "ganops", "--conf-source", conf, "--env", "smoke")
    assert "Registered: ganops-smoke v1" in output
    assert "Look at it with: mlflow ui --backend-store-uri" in output
    assert {path.name for path in folder.iterdir()} == {
        *("data", "mlartifacts", "mlflow.db", "mlflow.db.lock", ".checkpoints")
    }
    # The entry point, as a deployment calls it.
    code = (
        "from importlib.metadata import distribution; import ganops; from pathlib import Path;"
        f"assert Path(ganops.__path__[0]) == Path({str(packages / 'ganops')!r});"
        "(point,) = distribution('ganops').entry_points.select(group='console_scripts');"
        "print(sorted(point.load()(standalone_mode=False)))"
    )
    options = ("--conf-source", conf, "--env", "smoke", "--nodes", "draw_views")
    assert "['views']" in call(str(python), "-c", code, *options)
    code = (
        "from pathlib import Path; from ganops.registry.generate import generate_to_folder;"
        "generate_to_folder('models:/ganops-smoke/1', {'n': 2}, Path('pictures'))"
    )
    environment["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
    call(str(python), "-c", code)
    assert len(list((folder / "pictures").glob("*.png"))) == 2
