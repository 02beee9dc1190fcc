"""What git says of a working tree."""

import subprocess
from pathlib import Path

import pytest

from ganops.tracking.provenance import git, read_provenance


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with one commit on the branch `trunk`."""
    for name in ("code.py", "dvc.lock", "conf/base/parameters_training.yml", "a name with spaces.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("first\n")
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for command in (("init", "-q", "-b", "trunk"), ("add", "-A"), (*identity, "commit", "-qm", "first")):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    return tmp_path


def test_a_clean_tree_is_its_commit(tree: Path) -> None:
    (tree / "untracked.txt").write_text("neither code nor configuration")
    (tree / ".git" / "info" / "exclude").write_text("*.pyc\n")
    (tree / "conf" / "ignored.pyc").write_text("bytes")
    provenance = read_provenance(tree)
    assert provenance.commit == (git(tree, "rev-parse", "HEAD") or "").strip()
    assert len(provenance.commit) == 40
    assert (provenance.branch, provenance.dirty, provenance.diff) == ("trunk", False, "")


def test_a_changed_file_is_named_and_shown(tree: Path) -> None:
    (tree / "code.py").write_text("second\n")
    (tree / "a name with spaces.txt").unlink()
    provenance = read_provenance(tree)
    assert provenance.changed == ("a name with spaces.txt", "code.py")
    assert "+second" in provenance.diff


@pytest.mark.parametrize("name", ["src/ganops/new.py", "conf/mine/parameters_training.yml"])
def test_code_and_configuration_in_no_commit_count_as_changes(tree: Path, name: str) -> None:
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    (tree / name).write_text("what runs\n")
    provenance = read_provenance(tree)
    assert (provenance.changed, provenance.dirty) == ((name,), True)
    assert f"+++ b/{name}" in provenance.diff and "+what runs" in provenance.diff


def test_what_dvc_writes_leaves_the_tree_clean(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "dvc.lock").write_text("second\n")
    assert not read_provenance(tree).dirty
    (tree / "conf/base/parameters_training.yml").write_text("second\n")
    assert read_provenance(tree).dirty
    monkeypatch.setenv("DVC_EXP_NAME", "warm-sea")
    assert not read_provenance(tree).dirty


def test_outside_git_there_is_none(tmp_path: Path) -> None:
    provenance = read_provenance(tmp_path)
    assert (provenance.commit, provenance.branch, provenance.dirty) == ("", "", False)
