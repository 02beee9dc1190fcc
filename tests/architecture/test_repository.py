"""Committed files work on any machine: no address of a registry, no folder of one computer, hashes in the lock."""

import re
import subprocess
import tomllib
from functools import partial
from pathlib import Path

import yaml
from dvc.repo import Repo
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = sorted(path.parent.name for path in ROOT.glob("conf/*/globals.yml"))
LOCK = (ROOT / "requirements.lock").read_text()
# Joined from parts, so that this file does not find itself.
HOSTS = [".".join(parts) for parts in [("pypi", "org"), ("pythonhosted", "org"), ("download", "pytorch", "org")]]
FOLDERS = ["/" + "/".join(parts) for parts in [("work",), ("root",), ("tmp", "t"), ("opt", "wheels"), ("opt", "pypi")]]
FORBIDDEN = re.compile("|".join([*map(re.escape, HOSTS), *(rf"(?<![\w.}}])(?:{folder})\b" for folder in FOLDERS)]))


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def locked() -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[.*\])?==([^\s;]+)", LOCK, flags=re.MULTILINE))


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [Requirement(text) for text in project["project"]["dependencies"] + project["dependency-groups"]["dev"]]


def test_nothing_committed_names_a_registry_or_a_folder_of_one_machine() -> None:
    texts = {path: path.read_text(errors="ignore") for path in tracked_files()}
    assert len(texts) > 30
    assert {str(path): found[0] for path, text in texts.items() if (found := FORBIDDEN.search(text))} == {}


def test_the_search_finds_registries_and_folders() -> None:
    assert all(FORBIDDEN.search(f"at {name}/x") for name in [*HOSTS, *FOLDERS])
    assert not FORBIDDEN.search("${root:}/roots and framework/work of https://www.python.org")


def test_every_locked_version_has_a_hash_and_no_address() -> None:
    entries = [entry for entry in re.split(r"\n(?=\S)", LOCK.strip()) if not entry.startswith("#")]
    assert len(entries) > 100
    assert [entry[:40] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
    assert re.search(r"://|index-url|find-links|trusted-host", LOCK) is None


def test_every_declared_package_is_locked_within_its_range() -> None:
    versions = locked()
    assert [str(wanted) for wanted in declared() if not wanted.specifier.contains(versions[wanted.name])] == []


def sources() -> dict[str, str]:
    """Return environment → source of its pictures, where its parameters name one."""
    texts = {path.parent.name: yaml.safe_load(path.read_text()) for path in ROOT.glob("conf/*/parameters_data_*.yml")}
    named = {name: (values or {}).get("data_preparation", {}).get("source") for name, values in texts.items()}
    return {name: source for name, source in named.items() if source is not None}


def test_folders_of_raw_pictures_can_be_added_to_dvc(tmp_path: Path) -> None:
    """DVC refuses a folder in which git tracks anything."""
    names = [name for name, source in sources().items() if source in ("image_folder", "torchvision")]
    assert {"image_folder", "mnist", "fashion_mnist", "cifar10"} == set(names)
    for file in tracked_files():
        path = file.relative_to(ROOT)
        if path.parts[0] in ("data", ".gitignore"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(file.read_bytes())
    git = partial(subprocess.run, cwd=tmp_path, capture_output=True, text=True, check=True)
    git(["git", "init", "-q"])
    git(["git", "add", "."])
    with Repo.init(str(tmp_path)) as repo:
        for name in names:
            assert (tmp_path / f"data/01_raw/{name}.SOURCE.txt").is_file()
            folder = tmp_path / "data/01_raw" / name
            folder.mkdir()
            (folder / "1.png").write_text(name)
            repo.add(str(folder))  # pyright: ignore[reportArgumentType]  # DVC's decorator hides `self`.
    untracked = git(["git", "ls-files", "--others", "--exclude-standard", "data"]).stdout.split()
    assert untracked == ["data/01_raw/.gitignore", *sorted(f"data/01_raw/{name}.dvc" for name in names)]


def test_the_scripts_can_be_executed() -> None:
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_credentials_are_ignored_in_every_folder_and_the_rest_of_conf_is_not() -> None:
    folders = ["base", "local", "a_new_environment", *ENVIRONMENTS]
    secret = [f"conf/{folder}/{name}" for folder in folders for name in ("credentials.yml", "credentials_s3.yaml")]
    secret += [".env", "src/ganops/.env", ".env.production", "server.pem", "deploy/server.key", "run.log"]
    kept = ["parameters_training.yml", "globals.yml", "catalog_training.yml", "mlflow.yml"]
    others = [f"conf/{folder}/{name}" for folder in folders if folder != "local" for name in kept]
    command = ["git", "check-ignore", "--no-index", "--stdin"]
    result = subprocess.run(
        command, cwd=ROOT, input="\n".join(secret + others), capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines() == secret
