"""No planted secret is in anything that a run writes or prints."""

from pathlib import Path

import pytest

from ..projects import ENVIRONMENT, Project, initialised_clone

NOT_WRITTEN_BY_THE_RUN = {".git", "src", "conf", "tests"}
NAMED = ("src/ganops/notes.py", "conf/smoke/private.yml", "conf/smoke/secrets.yml")


def plant(project: Project) -> dict[str, bytes]:
    """Write a different secret to each place, and return file → secret."""
    folders = [path.name for path in (project.path / "conf").iterdir() if path.is_dir()]
    names = [f"conf/{folder}/{name}" for folder in folders for name in ("credentials.yml", "credentials_hub.yml")]
    names += [*NAMED, "src/ganops/.env", "src/ganops/data/server.pem", ".env", "credentials.json"]
    secrets = {name: f"planted-{number:03d}-sesame" for number, name in enumerate(names)}
    for name, secret in secrets.items():
        # No key twice: Kedro refuses that of two files of one folder.
        (project.path / name).write_text(f"key_{secret[8:11]}: {{key: {secret}}}\n", encoding="utf-8")
    return {name: secret.encode() for name, secret in secrets.items()}


def find(secrets: dict[str, bytes], folder: Path) -> list[tuple[str, str]]:
    """Return (place of the secret, file in which it was found)."""
    written = [
        path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()
        and path.relative_to(folder).parts[0] not in NOT_WRITTEN_BY_THE_RUN | secrets.keys()
    ]  # fmt: skip
    assert {"mlflow.db", "weights.safetensors", "serving_model.py", "uncommitted.diff"} <= {p.name for p in written}
    texts = {path: path.read_bytes() for path in written}
    return [
        (place, str(path)) for place, secret in secrets.items() for path, text in texts.items() if secret in text
    ]  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a clone in which one secret was committed, so that the planted one changes a tracked file."""
    project = initialised_clone(tmp_path / "project")
    (project.path / NAMED[2]).write_text("key: old\n", encoding="utf-8")
    project.call_well("git", "add", "--force", NAMED[2])
    project.call_well("git", "commit", "--quiet", "--message", "A secret by mistake")
    return project


def test_no_planted_secret_is_in_anything_that_a_run_writes_or_prints(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = plant(project)
    monkeypatch.setenv("HUB_TOKEN", "planted-environment-sesame")
    secrets["HUB_TOKEN"] = b"planted-environment-sesame"
    with (project.path / "conf" / "base" / "globals.yml").open("a", encoding="utf-8") as file:
        file.write("# planted-in-a-diff: https://me:planted-address-sesame@example.org ${oc.env:HUB_TOKEN}\n")
        file.write("# planted-environment-sesame\n")
    secrets["an address in a diff"] = b"planted-address-sesame"
    output = project.call_well("kedro", "run", "--env", ENVIRONMENT)
    wrong = project.call("kedro", "run", "--env", ENVIRONMENT, "--params", "training.batch=planted-environment-sesame")
    output += wrong.stdout + wrong.stderr
    assert wrong.returncode == 1 and "training.batch" in output
    assert [place for place, secret in secrets.items() if secret.decode() in output] == []
    assert find(secrets, project.path) == []
    (diff,) = project.path.glob("mlartifacts/**/uncommitted.diff")
    text = diff.read_text(encoding="utf-8")
    assert all(name in text for name in NAMED), "the diff names them"
    assert "planted-in-a-diff" in text, "the search finds what is there"
    (run,) = project.runs()
    assert run.data.tags["git.dirty"] == "true"
