"""The generated dvc.yaml, run by DVC itself."""

import json
import os
import subprocess
import sys
from pathlib import Path

import ganops

SOURCE = str(Path(ganops.__path__[0]).parent)


def _do(root: Path, *command: str, code: int = 0) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    quiet = {"DVC_NO_ANALYTICS": "1", "DO_NOT_TRACK": "1", "GIT_CONFIG_GLOBAL": os.devnull, "DVC_TEST": "1"}
    author = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DVC_", "MLFLOW_", "GIT_"))}
    environment = {**kept, **quiet, **author, "PATH": path, "PYTHONPATH": SOURCE}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def _total(root: Path, environment: str) -> int:
    return json.loads((root / f"data/08_reporting/{environment}/total.json").read_text())["total"]


def test_dvc_runs_only_the_stages_that_changed(mini: Path) -> None:
    for command in (["git", "init", "-q"], ["dvc", "init", "-q"], ["kedro", "dvc", "sync"], ["git", "add", "."]):
        _do(mini, *command)
    _do(mini, "git", "commit", "-qm", "start")

    _do(mini, "dvc", "repro")
    assert _total(mini, "small") == 2 * (1 + 2 + 3)
    assert "Running stage" not in _do(mini, "dvc", "repro")

    (mini / "conf/small/parameters_summing.yml").write_text("summing: {offset: 5}\n")
    output = _do(mini, "dvc", "repro")
    assert "Running stage 'summing'" in output
    assert "Running stage 'doubling'" not in output
    assert _total(mini, "small") == 2 * (1 + 2 + 3) + 5

    _do(mini, "dvc", "exp", "run", "-S", "conf/dvc.yml:env=large")
    assert _total(mini, "large") == 10 * (1 + 2 + 3 + 4)

    output = _do(mini, "dvc", "exp", "run", "-S", "conf/dvc.yml:env=small")
    assert _total(mini, "small") == 2 * (1 + 2 + 3) + 5
    assert "kedro run" not in output, "the run cache of DVC holds the outputs of each environment"


def test_a_mistake_of_the_user_ends_a_command_in_one_line(mini: Path) -> None:
    assert "Error: dvc.yaml: expected the stages" in _do(mini, "kedro", "dvc", "sync", "--check", code=1)

    (mini / "data/01_raw/small/numbers.txt").write_text("")
    output = _do(mini, "kedro", "run", "--env", "small", code=1)
    assert output.endswith("Error: numbers.txt: expected numbers, received nothing. Write some.\n")
    assert "Traceback" not in output
