"""Commit, changes and overrides of a working tree."""

import subprocess
from pathlib import Path

import pytest
from mlflow import MlflowClient

from ganops.git import git
from ganops.tracking.provenance import override_tags, read_overrides, read_provenance
from ganops.tracking.run_session import set_tags


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a repository with one commit on the branch `trunk`."""
    for name in ("code.py", "dvc.lock", "conf/base/parameters_training.yml", "a name with spaces.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("first\n")
    subprocess.run(["git", "-C", str(tmp_path), "init", "-q", "-b", "trunk"], check=True)
    commit(tmp_path)
    return tmp_path


def commit(folder: Path) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for command in (("add", "-Af"), (*identity, "commit", "-qm", "all")):
        subprocess.run(["git", "-C", str(folder), *command], check=True)


def test_a_clean_tree_is_its_commit(tree: Path) -> None:
    (tree / "untracked.txt").write_text("neither code nor configuration")
    (tree / ".git" / "info" / "exclude").write_text("*.pyc\n")
    (tree / "conf" / "ignored.pyc").write_text("bytes")
    provenance = read_provenance(tree)
    assert provenance.commit == (git(tree, "rev-parse", "HEAD") or "").strip()
    assert len(provenance.commit) == 40
    assert (provenance.branch, provenance.dirty, provenance.diff) == ("trunk", "false", "")


def test_a_changed_file_is_named_and_in_the_diff(tree: Path) -> None:
    (tree / "code.py").write_text("second\n")
    (tree / "a name with spaces.txt").unlink()
    provenance = read_provenance(tree)
    assert provenance.changed == ("a name with spaces.txt", "code.py")
    assert "+second" in provenance.diff


@pytest.mark.parametrize(
    "name", ["src/ganops/new.py", "conf/mine/parameters_training.yml", "conf/mine/credentials.yml"]
)
def test_an_untracked_file_is_a_change_with_its_name_alone(tree: Path, name: str) -> None:
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    (tree / name).write_text("what runs\n")
    provenance = read_provenance(tree)
    assert (provenance.changed, provenance.dirty) == ((name,), "true")
    assert provenance.diff == f"untracked, content withheld: {name}\n"


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("src/ganops/private.py", True),
        ("conf/mine/parameters_training.yml", True),
        ("conf/local/parameters.yml", False),  # it has a tag of its own
        ("conf/mine/credentials.yml", False),
        ("src/ganops/.env", False),
    ],
)
def test_an_ignored_file_counts_where_the_program_reads_it(tree: Path, name: str, counts: bool) -> None:
    (tree / ".git" / "info" / "exclude").write_text(name)
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    (tree / name).write_text("sesame\n")
    provenance = read_provenance(tree)
    assert provenance.changed == ((name,) if counts else ())
    assert "sesame" not in provenance.diff


def test_a_tracked_file_named_like_a_secret_is_named_and_not_in_the_diff(tree: Path) -> None:
    names = ("conf/base/credentials.yml", ".env", "gone/secret.txt")
    for name in names:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("sesame\n")
    commit(tree)
    for name in names[:2]:
        (tree / name).write_text("open sesame\n")
    (tree / names[2]).unlink()
    (tree / "code.py").write_text("second\n")
    provenance = read_provenance(tree)
    assert set(provenance.changed) == {*names, "code.py"}
    assert "+second" in provenance.diff and "sesame" not in provenance.diff
    assert "changed, content withheld: .env\n" in provenance.diff


def test_an_address_in_a_diff_is_masked(tree: Path) -> None:
    (tree / "code.py").write_text("uri = 'https://me:sesame@example.org'\n")
    assert "+uri = 'https://***@example.org'" in read_provenance(tree).diff


def test_no_diff_driver_of_the_user_decrypts_a_file(tree: Path) -> None:
    (tree / ".gitattributes").write_text("code.py diff=plain\n")
    subprocess.run(["git", "-C", str(tree), "config", "diff.plain.textconv", "echo sesame;:"], check=True)
    commit(tree)
    (tree / "code.py").write_text("second\n")
    provenance = read_provenance(tree)
    assert "+second" in provenance.diff and "sesame" not in provenance.diff


def test_only_the_project_of_a_larger_repository_counts(tree: Path) -> None:
    project = tree / "teams" / "gans"
    for name in ("src/code.py", "conf/base/globals.yml"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("first\n")
    commit(tree)
    (tree / "code.py").write_text("second\n")
    (tree / "src").mkdir()
    (tree / "src" / "other.py").touch()
    assert read_provenance(project).dirty == "false"
    (project / "src" / "code.py").write_text("third\n")
    provenance = read_provenance(project)
    assert (provenance.changed, provenance.dirty) == (("src/code.py",), "true")
    assert "+third" in provenance.diff and "second" not in provenance.diff


def test_files_that_dvc_writes_leave_the_tree_clean(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "dvc.lock").write_text("second\n")
    assert read_provenance(tree).dirty == "false"
    (tree / "conf/base/parameters_training.yml").write_text("second\n")
    assert read_provenance(tree).dirty == "true"
    monkeypatch.setenv("DVC_EXP_NAME", "warm-sea")
    assert read_provenance(tree).dirty == "false"


def test_outside_git_the_state_is_unknown(tmp_path: Path) -> None:
    provenance = read_provenance(tmp_path)
    assert (provenance.commit, provenance.branch, provenance.dirty) == ("", "", "unknown")
    assert "not a git repository" in provenance.problem
    assert set(provenance.tags) == {"git.dirty", "git.problem"}


def test_a_folder_that_the_repository_around_it_does_not_track_is_unknown(tree: Path) -> None:
    installed = tree / "site-packages"
    installed.mkdir()
    (installed / "code.py").touch()
    assert read_provenance(installed).dirty == "unknown"
    assert "no file of" in read_provenance(installed).problem


def test_a_refusal_of_git_is_quoted(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    provenance = read_provenance(tree)
    assert (provenance.commit, provenance.dirty) == ("", "unknown")
    assert "dubious ownership" in provenance.problem and "safe.directory" in provenance.problem


def test_a_missing_git_is_the_problem(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tree))
    provenance = read_provenance(tree)
    assert (provenance.dirty, provenance.changed) == ("unknown", ())
    assert provenance.problem == "git cannot be started (No such file or directory)"


def test_overrides_come_back_from_the_tags_and_a_later_session_without_any_removes_them(
    client: MlflowClient, experiment_id: str
) -> None:
    run_id = client.create_run(experiment_id).info.run_id
    runtime = {"training": {"base_channels": 8, "batch": 4}}
    set_tags(client, run_id, override_tags(["parameters_training.yml"], runtime))
    keys = ["--params training.base_channels", "--params training.batch"]
    assert read_overrides(client.get_run(run_id).data.tags) == ["conf/local/parameters_training.yml", *keys]
    set_tags(client, run_id, override_tags([], {}))
    assert read_overrides(client.get_run(run_id).data.tags) == []
