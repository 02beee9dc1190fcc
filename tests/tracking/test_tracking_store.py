"""The MLflow store is in the project, whatever the working directory, and its errors have a remedy."""

import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from ganops.errors import TrackingError
from ganops.tracking.tracking_store import (
    EXPERIMENT,
    artifact_root,
    check_answer,
    check_installation,
    create_tracking_store,
    find_project,
    find_root,
    open_tracking_store,
    shell_address,
    sqlite_path,
    sqlite_uri,
    tracking_uri,
)

from ..ordinary_user import call_as_ordinary_user


def test_the_place_does_not_depend_on_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_root() == find_project() == Path(__file__).parents[2]
    assert tracking_uri() == f"sqlite:///{find_root()}/mlflow.db"
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert tracking_uri() == f"sqlite:///{tmp_path}/mlflow.db"
    assert artifact_root() == tmp_path / "mlartifacts"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:5000")
    assert tracking_uri() == "http://localhost:5000"


def test_an_existing_store_is_found_without_importing_mlflow(client: MlflowClient, tmp_path: Path) -> None:
    code = """
import sys
from ganops.tracking.tracking_store import create_tracking_store
create_tracking_store()
print('mlflow' in sys.modules)
"""
    started = time.perf_counter()
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == "False"
    assert time.perf_counter() - started < 5


def test_a_missing_experiment_is_created_in_an_existing_store(client: MlflowClient, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "mlflow.db") as connection:
        connection.execute("DELETE FROM experiments WHERE name = ?", (EXPERIMENT,))
    create_tracking_store()
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    assert experiment.artifact_location == (tmp_path / "mlartifacts").as_uri()


def test_the_store_of_another_version_of_mlflow_is_an_error_with_a_remedy(
    client: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another name: MLflow keeps the open stores of a process by their address.
    other = tmp_path / "other.db"
    (tmp_path / "mlflow.db").rename(other)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{other}")
    with sqlite3.connect(other) as connection:
        connection.execute("DELETE FROM experiments")
        connection.execute("UPDATE alembic_version SET version_num = '728d730b5ebd'")
    with pytest.raises(TrackingError, match="mlflow db upgrade"):
        create_tracking_store()


@pytest.mark.parametrize("name", ["a%2Fb", "100%", "why?", "a#b", "two words", "größe", "a%20b?c=d"])
def test_the_store_is_in_the_project_whatever_characters_its_path_has(
    empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("mlflow.tracking._tracking_service.utils._tracking_uri", None)
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.setenv("DVC_ROOT", str(folder))
    file = folder / "mlflow.db"
    file.write_bytes(empty_store.read_bytes())
    assert sqlite_path(tracking_uri()) == file
    open_tracking_store()
    client = MlflowClient(tracking_uri())
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    client.create_run(experiment.experiment_id, run_name="here")
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT name FROM runs").fetchall() == [("here",)]
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_installation_whose_path_mlflow_cannot_read_is_named() -> None:
    installed = Path("/workspace/a%2Fb/.venv/lib/python3.11/site-packages")
    with pytest.raises(TrackingError, match=r"a%2Fb.*expected a path without %"):
        check_installation("sqlite:////workspace/mlflow.db", installed)
    check_installation("https://mlflow.example.org", installed)
    check_installation("sqlite:////a%252Fb/mlflow.db", Path("/opt/venv/lib/python3.11/site-packages"))


def test_the_command_that_creates_the_store_reports_an_error_without_a_traceback(tmp_path: Path) -> None:
    environment = {**os.environ, "MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    made = subprocess.run(
        [sys.executable, "-m", "ganops.tracking.tracking_store"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 1
    assert made.stderr.startswith("Error: The MLflow server http://127.0.0.1:9: expected an answer")


def test_only_characters_with_a_meaning_in_an_address_are_quoted(tmp_path: Path) -> None:
    assert sqlite_uri(Path("/a b/ä/mlflow.db")) == "sqlite:////a b/ä/mlflow.db"
    assert sqlite_path("sqlite:///mlflow.db?timeout=5") == Path("mlflow.db")
    assert sqlite_path("http://localhost:5000") is None


def test_processes_that_create_the_store_at_once_wait_for_one_another(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ganops.tracking.tracking_store"]
    environment = {**os.environ, "DVC_ROOT": str(tmp_path)}
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    answers = [process.communicate() for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], answers
    with sqlite3.connect(tmp_path / "mlflow.db") as connection:
        query = "SELECT COUNT(*) FROM experiments WHERE name = ?"
        assert connection.execute(query, (EXPERIMENT,)).fetchone() == (1,)


def test_a_server_that_refuses_is_an_error_without_the_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for scheme in ("http", "postgresql+psycopg2"):
            monkeypatch.setenv("MLFLOW_TRACKING_URI", f"{scheme}://me:secret@{address}/x?token=t0ken")
            with pytest.raises(TrackingError, match=f"{address}.*expected an answer.*MLFLOW_TRACKING_URI") as error:
                open_tracking_store()
            assert "secret" not in str(error.value)
            assert "t0ken" not in str(error.value)


def test_a_server_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganops.tracking.tracking_store._ANSWER_TIMEOUT_SECONDS", 0.2)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(TrackingError, match="expected an answer within"),
    ):
        check_answer(f"http://127.0.0.1:{silent.getsockname()[1]}")


@pytest.fixture(params=[200, 401, 404, 503])
def answering(request: pytest.FixtureRequest) -> Iterator[tuple[int, str]]:
    """Return a server that answers every request by one status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(request.param)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield request.param, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_any_answer_but_unavailable_is_an_answer(answering: tuple[int, str]) -> None:
    status, uri = answering
    if status != 503:
        check_answer(uri)
        return
    with pytest.raises(TrackingError, match="503"):
        check_answer(uri)


def test_an_address_with_a_password_stays_in_its_variable() -> None:
    assert shell_address("https://me:pw@host:5000/x") == '"$MLFLOW_TRACKING_URI"'
    assert shell_address("https://host:5000/x?token=1") == '"$MLFLOW_TRACKING_URI"'
    assert shell_address("sqlite:////a b/mlflow.db") == "'sqlite:////a b/mlflow.db'"


def test_a_store_that_is_a_folder_or_no_database_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    (tmp_path / "mlflow.db").mkdir()
    with pytest.raises(TrackingError, match="an SQLite file that may be read and written"):
        create_tracking_store()
    (tmp_path / "mlflow.db").rmdir()
    (tmp_path / "mlflow.db").write_text("no database, and long enough to be seen as none of SQLite's files", "utf-8")
    with pytest.raises(TrackingError, match="not a database"):
        create_tracking_store()


@pytest.mark.parametrize("modes", [(0o444, 0o755), (0o644, 0o555), (0o444, 0o444)])
def test_a_store_that_may_not_be_written_is_an_error(empty_store: Path, modes: tuple[int, int]) -> None:
    # pytest's own folder is closed to others.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "mlflow.db").write_bytes(empty_store.read_bytes())
        (folder / "mlflow.db").chmod(modes[0])
        folder.chmod(modes[1])
        imports = "from ganops.tracking.tracking_store import create_tracking_store"
        done = call_as_ordinary_user(imports, "create_tracking_store()", DVC_ROOT=name)
        folder.chmod(0o755)
    assert "The MLflow store" in done.stdout, done.stderr
    assert "expected an SQLite file that may be read and written" in done.stdout


def test_a_password_in_the_address_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = "https://me:sesame@tracking.example.org"

    def refuse(uri: str) -> MlflowClient:
        raise MlflowException(f"API request to {uri} failed")

    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    monkeypatch.setattr("mlflow.MlflowClient", refuse)
    monkeypatch.setattr("ganops.tracking.tracking_store.check_answer", lambda uri: None)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    with pytest.raises(TrackingError) as caught:
        create_tracking_store()
    assert "sesame" not in str(caught.value)
    assert 'mlflow db upgrade "$MLFLOW_TRACKING_URI"' in caught.value.remedy
