"""The registered model over HTTP: `mlflow models serve` in an empty folder, where ganops cannot be imported."""

import base64
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
from PIL import Image

import ganops
from ganops.bundle import Bundle
from ganops.evaluation.report import Report
from ganops.evaluation_config import RegistrationParameters
from ganops.games.request import LatentRequest
from ganops.registry.mlflow_registry import register_bundle
from ganops.registry.origin import Origin

_HIDE = """\
import sys
sys.path[:] = [path for path in sys.path if path != {source!r}]
"""
BAD = {
    "too many": ('{"inputs": [{"n": 5}, {"n": 4}]}', "at most 8 samples per call, received 9"),
    "unknown class": ('{"inputs": [{"class_label": 2}]}', "expected 0 to 1, received 2"),
    "unknown key": ('{"inputs": [{"sede": 7}]}', "sede"),
    "negative seed": ('{"inputs": [{"seed": -1}]}', "greater than or equal to 0"),
    "seed that is no number": ('{"inputs": [{"seed": "seven"}]}', "valid integer"),
    "no list": ('{"inputs": {"n": 1}}', "Expected list"),
    "no inputs": ('{"n": 1}', "inputs"),
    "no JSON": ('{"inputs": [', "valid JSON"),
}


def test_good_and_bad_requests(
    bundle: Bundle, report: Report, run: mlflow.ActiveRun, tracking_uri: str, tmp_path: Path, lock: Path
) -> None:
    gate = RegistrationParameters(compare_by="fid", largest_request=8)
    register_bundle("served", bundle, report, gate, Origin("c" * 40, "false"), lock)
    with _served("models:/served@champion", tracking_uri, tmp_path) as ask:
        request = {"n": 3, "seed": 7, "class_label": 1, "truncation": 0.7}
        status, answer = ask(json.dumps({"inputs": [request, {"seed": 8}]}))
        assert status == 200
        for pictures, asked in zip(answer["predictions"], [request, {"seed": 8}], strict=True):
            expected = bundle.generate(LatentRequest.model_validate(asked)).values[:, 0].numpy()
            assert np.array_equal(np.stack([_decode(picture) for picture in pictures]), expected)
        for name, (body, reason) in BAD.items():
            status, answer = ask(body)
            assert (name, status) == (name, 400)
            assert reason in answer["message"], name


@contextmanager
def _served(uri: str, tracking_uri: str, folder: Path) -> Iterator[Callable[[str], tuple[int, Any]]]:
    environment = _without_ganops(folder) | {"MLFLOW_TRACKING_URI": tracking_uri, "OMP_NUM_THREADS": "1"}
    address = f"127.0.0.1:{_free_port()}"
    serve = ["-m", "mlflow", "models", "serve", "-m", uri, "--env-manager", "local"]
    command = [sys.executable, *serve, "--host", "127.0.0.1", "--port", address.split(":")[1]]
    (folder / "empty").mkdir()
    with (folder / "server.log").open("wb") as log:
        options: dict[str, Any] = {"cwd": folder / "empty", "env": environment, "start_new_session": True}
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, **options)
    try:
        _wait(server, address, folder / "server.log")
        yield lambda body: _post(address, body)
    finally:
        with suppress(ProcessLookupError):  # it ended by itself
            os.killpg(server.pid, signal.SIGKILL)  # the server is a child of the command, in the same group
        server.wait()


def _without_ganops(folder: Path) -> dict[str, str]:
    """Return an environment without the project's sources on the path; sitecustomize runs in each Python of it."""
    hide = folder / "hide"
    hide.mkdir()
    source = str(Path(ganops.__file__).parents[1])
    (hide / "sitecustomize.py").write_text(_HIDE.format(source=source))
    binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PYTHONPATH": str(hide), "PATH": binaries}
    command = [sys.executable, "-c", "import ganops"]
    tried = subprocess.run(command, cwd=hide, env=environment, capture_output=True, check=False)
    assert b"No module named 'ganops'" in tried.stderr
    return environment


def _wait(server: subprocess.Popen, address: str, log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{address}/ping", timeout=5) as answer:
                assert answer.status == 200
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    pytest.fail(f"the server did not come up:\n{log.read_text(encoding='utf-8')}")


def _post(address: str, body: str) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://{address}/invocations", body.encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def _decode(picture: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
