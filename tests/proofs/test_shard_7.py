"""Two runs at once wait for each other, and a run that is killed during a write leaves whole files."""

import json
import shutil
import signal
import subprocess
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
import yaml
from kedro.io import AbstractDataset

from ganops.pipeline_registry import register_pipelines

from ..projects import ENVIRONMENT, LONGEST_RUN_SECONDS, ROOT, Project, initialised_clone

pytestmark = pytest.mark.proof

PAIRS = 3
# Runs one node with other parameters, and dies once the temporary file of the named output is half written.
KILLED_WRITE = """
import os, signal, sys
from pathlib import Path
from kedro.framework.project import settings
from kedro.framework.startup import bootstrap_project
import ganops.files

temporary, node, sync = sys.argv[1], sys.argv[2], ganops.files.sync

def kill_half_way(path):
    if temporary in (path.name, path.parent.name) and path.is_file():
        os.truncate(path, path.stat().st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)
    sync(path)

ganops.files.sync = kill_half_way
bootstrap_project(Path.cwd())
other = {"training": {"seed": 1}, "data_preparation": {"limit": 200}, "evaluation": {"seeds": [2]}}
with settings.SESSION_CLASS.create(project_path=Path.cwd(), env="smoke", runtime_params=other) as session:
    session.run(node_names=[node])
"""


def run_at_once(project: Project, *options: tuple[str, ...]) -> list[str]:
    """Start one `kedro run` per options at the same moment, and return what each printed; all of them must succeed."""
    wide = {**project.environment, "COLUMNS": "400"}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "stdin": subprocess.DEVNULL}
    commands = [("kedro", "run", *words) for words in options]
    started = [subprocess.Popen(words, cwd=project.path, env=wide, text=True, **pipes) for words in commands]
    outputs = [process.communicate(timeout=LONGEST_RUN_SECONDS)[0] for process in started]
    assert [process.returncode for process in started] == [0] * len(options), "\n".join(outputs)
    return outputs


def seeded(environment: str, seed: int) -> tuple[str, ...]:
    return "--env", environment, "--params", f"training.seed={seed}"


def overlap(runs: list[Any]) -> bool:
    """Return whether the runs ran at the same time."""
    return max(run.info.start_time for run in runs) < min(run.info.end_time for run in runs)


def test_every_version_holds_the_weights_of_its_own_run(tmp_path: Path) -> None:
    project, seeds = initialised_clone(tmp_path / "project"), iter(range(100))
    for _ in range(PAIRS):
        pair = [seeded(ENVIRONMENT, next(seeds)) for _ in range(2)]
        outputs = run_at_once(project, *pair)
        assert sum("Waiting: the outputs of environment smoke belong to process" in text for text in outputs) == 1
        assert not overlap(project.runs()[:2])
    versions = project.client.search_model_versions(f"name = 'ganops-{ENVIRONMENT}'")
    seen = set()
    for version in versions:
        run = project.client.get_run(version.run_id or "")
        (description,) = Path(str(version.source).removeprefix("file://")).rglob("bundle.json")
        bundle = json.loads(description.read_text(encoding="utf-8"))
        assert str(bundle["settings"]["seed"]) == run.data.params["training.seed"]
        assert bundle["weights_sha256"] == version.tags["weights_sha256"]
        assert bundle["fingerprint"] == run.data.tags["fingerprint"]
        assert version.tags["training_run"] == run.info.run_id
        assert float(version.tags["metric.fid_classifier"]) == pytest.approx(run.data.metrics["eval/fid_classifier"])
        seen.add(bundle["settings"]["seed"])
    assert seen == set(range(2 * PAIRS)) and len(versions) == 2 * PAIRS


def test_two_environments_run_side_by_side(tmp_path: Path) -> None:
    project = initialised_clone(tmp_path / "project")
    shutil.copytree(project.path / "conf" / ENVIRONMENT, project.path / "conf" / "second")
    (project.path / "conf/second/globals.yml").write_text("environment: second\n", encoding="utf-8")
    outputs = run_at_once(project, seeded(ENVIRONMENT, 1), seeded("second", 2))
    assert not any("Waiting" in text for text in outputs)
    assert overlap(project.runs())
    for name, seed in ((ENVIRONMENT, 1), ("second", 2)):
        assert json.loads((project.path / f"data/06_models/{name}/settings.json").read_text())["seed"] == seed


ENTRIES: dict[str, Any] = {
    name: entry
    for file in sorted((ROOT / "conf" / "base").glob("catalog*.yml"))
    for name, entry in (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).items()
}
NODES = {output: node.name for node in register_pipelines()["__default__"].nodes for output in node.outputs}


def path_of(project: Project, name: str) -> Path:
    return project.path / ENTRIES[name]["filepath"].replace("${globals:environment}", ENVIRONMENT)


def output_digests(project: Project) -> dict[str, str]:
    """Return output → md5 of its files."""
    return {
        name: "".join(md5(file.read_bytes()).hexdigest() for file in sorted([path, *path.rglob("*")]) if file.is_file())
        for name, path in ((name, path_of(project, name)) for name in NODES)
    }


def damaged_in_cache(project: Project) -> list[Path]:
    """Return the files of DVC's cache whose md5 is not the one in their names."""
    files = [file for file in (project.path / ".dvc/cache/files/md5").glob("*/*") if file.suffix != ".dir"]
    assert len(files) >= len(NODES)
    return [file for file in files if md5(file.read_bytes()).hexdigest() != file.parent.name + file.name]


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a clone in which `dvc repro` has produced all outputs of the tiny environment."""
    project = initialised_clone(tmp_path_factory.mktemp("reproduced") / "project")
    (project.path / "conf/dvc.yml").write_text(f"env: {ENVIRONMENT}\n", encoding="utf-8")
    project.call_well("dvc", "repro")
    return project


@pytest.fixture(scope="module", params=["copy", "hardlink", "symlink"])
def linked(request: pytest.FixtureRequest, reproduced: Project) -> Project:
    """Return the outputs as this type of link, or copies, of DVC's cache."""
    reproduced.call_well("dvc", "config", "--local", "cache.type", request.param)
    reproduced.call_well("dvc", "checkout", "--relink", "--force")
    assert path_of(reproduced, "report").is_symlink() == (request.param == "symlink")
    assert (path_of(reproduced, "report").stat().st_nlink == 2) == (request.param == "hardlink")
    return reproduced


@pytest.mark.parametrize("name", NODES)
def test_a_run_killed_during_a_write_leaves_whole_files(name: str, linked: Project) -> None:
    """The output and the cache are unchanged, and what the node wrote before is whole."""
    linked.call_well("dvc", "checkout", "--force")
    before, path = output_digests(linked), path_of(linked, name)
    assert all(before.values())
    ended = linked.call("python", "-c", KILLED_WRITE, f".{path.name}.new", NODES[name])
    assert ended.returncode == -signal.SIGKILL, ended.stdout + ended.stderr
    after = output_digests(linked)
    assert after[name] == before[name]
    for changed in [other for other in NODES if after[other] != before[other]]:
        assert NODES[changed] == NODES[name]
        entry = {**ENTRIES[changed], "filepath": str(path_of(linked, changed))}
        AbstractDataset.from_config(changed, entry).load()
    assert damaged_in_cache(linked) == []
