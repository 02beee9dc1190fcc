"""Processes that start together, wait, die and follow one another own the outputs of an environment in order."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ganops.errors import StorageError
from ganops.tracking.ownership import OutputsLock, own_outputs, release_outputs
from ganops.tracking.run_session import this_process

# Owns the outputs until it reads a line. It prints that it owns them, and logs to the same pipe.
OWN = """
import logging, sys
from pathlib import Path
from typing import Any
from ganops.tracking.ownership import own_outputs, release_outputs
logging.basicConfig(stream=sys.stdout, format="%(message)s")
own_outputs(Path(sys.argv[1]), sys.argv[2]).name_run("warm-sea")
print("owned", flush=True)
if len(sys.argv) == 3:
    sys.stdin.readline()
release_outputs()
"""
# Two stages; after each it waits for a line.
DVC = """
import os, subprocess, sys
stage = [sys.executable, "-c", sys.argv[3], sys.argv[1], sys.argv[2], "at once"]
for name in ("one", "two"):
    subprocess.run(stage, env={**os.environ, "DVC_STAGE": name}, check=True)
    print("stage", name, flush=True)
    sys.stdin.readline()
"""


@contextmanager
def started(*command: str) -> Iterator[subprocess.Popen[str]]:
    pipe: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DVC_")}
    with subprocess.Popen([sys.executable, *command], env=environment, text=True, **pipe) as process:
        try:
            yield process
        finally:
            process.kill()


def owner(project: Path, environment: str = "smoke") -> tuple[str, ...]:
    return "-c", OWN, str(project), environment


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def send_line(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go on\n")
    process.stdin.flush()


def test_a_second_run_waits_and_names_the_first_in_one_line(tmp_path: Path) -> None:
    with started(*owner(tmp_path)) as first, started(*owner(tmp_path, "other")) as other:
        assert (read_line(first), read_line(other)) == ("owned", "owned")
        with started(*owner(tmp_path)) as second:
            line = read_line(second)
            assert line.startswith(f"Waiting: the outputs of environment smoke belong to process {first.pid} on ")
            assert "`-c " in line and "MLflow run warm-sea" in line and line.endswith("Ctrl-C ends the wait.")
            send_line(first)
            assert read_line(second) == "owned"


def test_a_process_that_dies_releases_the_outputs(tmp_path: Path) -> None:
    with started(*owner(tmp_path)) as first:
        assert read_line(first) == "owned"
        first.send_signal(signal.SIGKILL)
        first.wait()
    with started(*owner(tmp_path)) as second:
        assert read_line(second) == "owned"


def test_ctrl_c_ends_the_wait_alone(tmp_path: Path) -> None:
    with started(*owner(tmp_path)) as first, started(*owner(tmp_path)) as second:
        lines = {read_line(first), read_line(second)}
        waiting, owning = (first, second) if "owned" not in line_of(first, lines) else (second, first)
        waiting.send_signal(signal.SIGINT)
        assert waiting.wait() == -signal.SIGINT
        send_line(owning)
        assert owning.wait() == 0


def line_of(process: subprocess.Popen[str], lines: set[str]) -> str:
    """Return the line that this process printed: the waiting one's names the pid of the owner."""
    (waiting,) = [line for line in lines if line != "owned"]
    return "owned" if f"process {process.pid} " in waiting else waiting


def test_a_dvc_command_owns_the_outputs_between_its_stages(tmp_path: Path) -> None:
    script = tmp_path / "dvc"
    script.write_text(DVC, encoding="utf-8")
    with started(str(script), str(tmp_path), "smoke", OWN) as dvc:
        assert [read_line(dvc), read_line(dvc)] == ["owned", "stage one"]
        with started(*owner(tmp_path)) as other:
            assert f"process {dvc.pid} on " in read_line(other)
            send_line(dvc)
            assert [read_line(dvc), read_line(dvc)] == ["owned", "stage two"]
            send_line(dvc)
            assert dvc.wait() == 0
            assert read_line(other) == "owned"


def test_sessions_of_one_process_are_one_owner(tmp_path: Path) -> None:
    first = own_outputs(tmp_path, "smoke")
    assert own_outputs(tmp_path, "smoke") is first
    assert own_outputs(tmp_path, "other") is not first
    release_outputs()
    lock = OutputsLock(tmp_path, "smoke")
    lock.acquire()
    lock.release()
    assert sorted(path.name for path in (tmp_path / ".checkpoints").iterdir()) == [
        "other.owner.lock",
        "smoke.owner.lock",
    ]


def test_a_damaged_file_of_the_owner_is_ignored(tmp_path: Path) -> None:
    lock = OutputsLock(tmp_path, "smoke")
    for text in ("", "[]", '{"process": 3}', '{"process": "x", "command": "", "since": "", "outlasts_lock": true}'):
        lock.owner_file.write_text(text, encoding="utf-8")
        lock.acquire()
        assert json.loads(lock.owner_file.read_text(encoding="utf-8"))["process"] == str(this_process())
        lock.release()


def test_a_project_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".checkpoints").touch()
    with pytest.raises(StorageError, match=r"\.checkpoints: expected a file or folder that may be read and written"):
        own_outputs(tmp_path, "smoke")
