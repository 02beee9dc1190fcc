"""`kedro serve`: a registered version over HTTP, in a process of its own."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
import psutil
import pytest
from click.testing import CliRunner

from ganops.bundle import Bundle
from ganops.cli import cli
from ganops.errors import ConfigurationError, RegistryError
from ganops.evaluation.report import Report
from ganops.evaluation_config import RegistrationParameters
from ganops.registry.mlflow_registry import register_bundle
from ganops.registry.origin import Origin
from ganops.registry.request_guard import find_most_bytes
from ganops.registry.serve import serve

LARGEST = 8
MOST = find_most_bytes(LARGEST)
GATE = RegistrationParameters(compare_by="fid", largest_request=LARGEST)
_SERVE = """
import sys
from functools import partial
from ganops.registry.serve import serve
serve(sys.argv[1], "127.0.0.1", 0, partial(print, flush=True))
"""


@pytest.fixture
def registered(bundle: Bundle, report: Report, run: mlflow.ActiveRun, client: mlflow.MlflowClient, lock: Path) -> str:
    register_bundle("limited", bundle, report, GATE, Origin("c" * 40, "false"), lock)
    return "models:/limited@champion"


@contextmanager
def served(uri: str, tracking_uri: str, folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    environment = {**os.environ, "MLFLOW_TRACKING_URI": tracking_uri, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", _SERVE, uri]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment)
    try:
        assert server.stdout is not None
        line = server.stdout.readline().decode()
        assert line.startswith(f"{uri} answers at http://"), (folder / "server.log").read_text()
        yield line.split("http://")[1].split("/")[0], psutil.Process(server.pid)
    finally:
        server.kill()
        server.wait()


def post(address: str, body: bytes | Iterator[bytes], kind: str = "application/json") -> tuple[int, Any]:
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("POST", "/invocations", body, {"Content-Type": kind}, encode_chunked=not isinstance(body, bytes))
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def chunks(body: bytes) -> Iterator[bytes]:
    for first in range(0, len(body), 1000):
        yield body[first : first + 1000]


def test_requests_are_answered_and_large_or_deep_ones_refused(
    registered: str, tracking_uri: str, tmp_path: Path
) -> None:
    good = b'{"inputs": [{"n": 2, "seed": 7, "class_label": 1}]}'
    deep = b'{"inputs": ' + b"[" * 2000 + b"]" * 2000 + b"}"
    with served(registered, tracking_uri, tmp_path) as (address, process):
        status, answer = post(address, good)
        assert status == 200 and len(answer["predictions"][0]) == 2
        before = process.memory_info().rss
        ways: list[Callable[[bytes], Any]] = [bytes, chunks]
        for way in ways:
            assert post(address, way(good.ljust(MOST)))[0] == 200
            assert post(address, way(good.ljust(MOST + 1)))[0] == 413
            assert post(address, way(deep))[0] == (413 if len(deep) > MOST else 400)
            assert post(address, way(b"[" * 2000))[0] == 400
            assert post(address, way(b'{"inputs": [{"n": 9}]}'))[0] == 400
        assert post(address, b"PAR1", "application/x-parquet")[0] == 415
        connection = http.client.HTTPConnection(address, timeout=60)
        connection.putrequest("POST", "/invocations")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(40 * 2**20))
        connection.endheaders()
        assert connection.getresponse().status == 413, "before any of it was sent"
        assert process.memory_info().rss - before < 64 * 2**20
        assert post(address, good)[0] == 200


def test_an_edited_version_is_not_served(registered: str, client: mlflow.MlflowClient) -> None:
    version = client.get_model_version_by_alias("limited", "champion")
    source = client.get_model_version_download_uri("limited", version.version)
    folder = Path(mlflow.artifacts.download_artifacts(source))
    code = next(folder.rglob("serving_model.py"))
    code.write_text(code.read_text(encoding="utf-8") + "\nraise SystemExit('was run')\n", encoding="utf-8")
    with pytest.raises(RegistryError, match=r"changed: .*serving_model\.py"):
        serve(registered, "127.0.0.1", 0, print)


def test_an_address_that_cannot_be_had_is_an_error(registered: str) -> None:
    with pytest.raises(ConfigurationError, match="Choose another --port"):
        serve(registered, "127.0.0.1", 70_000, print)


def test_the_command_listens_on_this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("ganops.registry.serve.serve", lambda *values: asked.extend(values))
    monkeypatch.setattr(
        "ganops.tracking.tracking_store.tracking_uri", lambda: os.environ.get("MLFLOW_TRACKING_URI", "")
    )
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite://")
    assert CliRunner().invoke(cli, ["serve", "models:/x@champion"]).exit_code == 0
    assert asked[:3] == ["models:/x@champion", "127.0.0.1", 5002]
