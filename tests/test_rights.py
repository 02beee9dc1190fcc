"""Without the permission to write, read or enter, a user gets a StorageError, and nothing is changed.

Root needs no permission, so each trial runs in a process of another user.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

AS_ANOTHER_USER = """
import os, sys
from pathlib import Path
from ganops.errors import StorageError
from ganops.files import require_writable, atomic_write, atomic_folder
from ganops.kedro_datasets.json_dataset import JSONDataset
from ganops.tracking.run_session import data_fingerprints

def write(opened):
    with opened as path:
        path.touch()

path = Path(sys.argv[2])
trials = {
    "require": lambda: require_writable(path),
    "file": lambda: write(atomic_write(path)),
    "folder": lambda: write(atomic_folder(path)),
    "load": lambda: JSONDataset(filepath=str(path)).load(),
    "fingerprint": lambda: data_fingerprints({"store": path}),
}
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    trials[sys.argv[1]]()
except Exception as error:
    while error and not isinstance(error, StorageError):
        error = error.__cause__
    print(f"{type(error).__name__}: {error}")
"""


def try_as_another_user(what: str, path: Path) -> str:
    """Return the error's message; empty where the trial succeeded."""
    command = [sys.executable, "-c", AS_ANOTHER_USER, what, str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return result.stdout.strip()


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """Return a folder that every user may enter; pytest's own are closed to others."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def closed(open_to_all: Path) -> Iterator[Path]:
    """Return a folder with a file and a folder in it, whose permissions a test removes; restore them at the end."""
    made = open_to_all / "made"
    (made / "inner").mkdir(parents=True)
    (made / "report.json").write_text("{}", encoding="utf-8")
    if os.geteuid() == 0:
        for path in (made, made / "inner", made / "report.json"):
            os.chown(path, 65534, 65534)
    yield made
    made.chmod(0o755)


@pytest.mark.parametrize(
    ("what", "name"), [("require", "report.json"), ("file", "report.json"), ("require", "new/deep")]
)
def test_a_folder_without_the_right_to_write(what: str, name: str, closed: Path) -> None:
    assert try_as_another_user(what, closed / name) == ""
    closed.chmod(0o555)
    message = try_as_another_user(what, closed / name)
    assert message.startswith(f"StorageError: {closed}") and "expected a file or folder that may be" in message, message
    assert "Permission denied" in message


@pytest.mark.parametrize("what", ["require", "folder"])
def test_a_folder_without_the_right_to_be_replaced(what: str, closed: Path) -> None:
    (closed / "inner").chmod(0o555)
    message = try_as_another_user(what, closed / "inner")
    assert message.startswith(f"StorageError: {closed / 'inner'}") and "Permission denied" in message, message
    assert sorted(path.name for path in closed.iterdir()) == ["inner", "report.json"]


@pytest.mark.parametrize(("what", "name"), [("load", "report.json"), ("fingerprint", ""), ("require", "report.json")])
def test_a_folder_that_lists_but_cannot_be_entered(what: str, name: str, closed: Path) -> None:
    closed.chmod(0o644)
    message = try_as_another_user(what, closed / name if name else closed)
    assert message.startswith(f"StorageError: {closed}") and "Permission denied" in message, message
