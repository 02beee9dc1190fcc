"""One partition of the source: fingerprint, resume key and stages of DVC use it."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

import ganops
from ganops import code_digest
from ganops.code_digest import LISTED_BY_MEMBER, OUTPUTS, SILENT, TRAINING
from ganops.dvc_stages.stages import import_graph, reachable_modules
from ganops.tracking.run_session import resume_key
from ganops.training import checkpoint

PACKAGE = Path(ganops.__file__).parent
STAGES = yaml.safe_load((PACKAGE.parents[1] / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


def parts_of(modules: Iterable[str]) -> set[str]:
    return {module.split(".")[1] for module in modules if "." in module}


def test_every_part_of_the_package_is_in_one_group() -> None:
    parts = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")}
    assert sorted([*TRAINING, *OUTPUTS, *SILENT]) == sorted(parts - {"__init__"})
    assert LISTED_BY_MEMBER < OUTPUTS


def test_training_is_what_its_launch_imports() -> None:
    """`errors` is reached and left out: a message ends a run, and changes no byte of a file."""
    assert parts_of(reachable_modules(import_graph("ganops"), ["ganops.launch.launch"])) - {"errors"} == TRAINING


def test_the_training_stage_of_dvc_depends_on_the_same_parts() -> None:
    sources = [Path(path) for path in STAGES["training"]["deps"] if path.startswith("src/")]
    assert {path.parts[2].removesuffix(".py") for path in sources} - LISTED_BY_MEMBER == TRAINING


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_of_dvc_depends_on_a_silent_part(stage: str) -> None:
    sources = [Path(path) for path in STAGES[stage]["deps"] if path.startswith("src/")]
    assert {path.parts[2].removesuffix(".py") for path in sources} <= TRAINING | OUTPUTS


def test_outputs_reach_of_the_silent_parts_messages_records_and_git_alone() -> None:
    """A logged model asks `git` which files of the package belong to it."""
    graph = import_graph("ganops")
    starts = [module for module in graph.modules if parts_of([module]) & (TRAINING | OUTPUTS)]
    assert parts_of(reachable_modules(graph, starts)) & SILENT == {"errors", "git", "tracking"}


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the package, which the digests are of."""
    copy = tmp_path / "copy"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code_digest, "_PACKAGE", copy)
    return copy


def append_comment(file: Path) -> None:
    with file.open("a", encoding="utf-8") as opened:
        opened.write("#")


def test_the_digest_is_of_the_content_wherever_the_package_is(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_copy = code_digest.source_digest()
    monkeypatch.undo()
    assert of_copy == code_digest.source_digest()


@pytest.mark.parametrize("part", ["config.py", "tensors.py", "games/resolve.py"])
def test_an_edit_of_a_training_part_is_another_training(part: str, copy: Path) -> None:
    before = code_digest.training_digest()
    for silent in ("errors.py", "cli.py", "tracking/status.py"):
        append_comment(copy / silent)
    assert code_digest.training_digest() == before
    append_comment(copy / part)
    assert code_digest.training_digest() != before


def test_the_resume_key_and_the_fingerprint_use_the_training_parts(copy: Path) -> None:
    key = resume_key("smoke", {})
    append_comment(copy / "cli.py")
    assert resume_key("smoke", {}) == key
    append_comment(copy / "noise.py")
    assert resume_key("smoke", {}) != key
    assert code_digest.training_digest() != checkpoint.CODE, "the fingerprint uses the digest at import"


def test_the_digest_changes_with_names_and_contents_of_its_parts(copy: Path) -> None:
    def digests() -> tuple[str, str]:
        return code_digest.source_digest(), code_digest.source_digest(lambda part: part == "data")

    before = digests()
    append_comment(copy / "noise.py")
    whole, data = digests()
    assert whole != before[0] and data == before[1]
    (copy / "data" / "store.py").rename(copy / "data" / "stores.py")
    assert digests()[1] != data
