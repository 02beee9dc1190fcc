"""The digest of the code_digest sees every file that counts, and no other."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

import ganops
from ganops import code_digest
from ganops.code_digest import OUTPUTS, SILENT, TRAINING
from ganops.dvc_stages.imports import reached_files

PACKAGE = Path(ganops.__file__).parent


def parts_of(files: Iterable[Path]) -> set[str]:
    return {Path(file.relative_to(PACKAGE).parts[0]).stem for file in files}


def test_a_training_is_all_that_it_reaches_by_its_imports() -> None:
    """`errors` alone is reached and left out: a message ends a run, and no byte of a file comes from it."""
    reached = parts_of(reached_files(["ganops.launch.launch"], PACKAGE.parent))
    assert reached - {"errors"} == TRAINING


def test_every_part_of_the_package_is_in_one_group() -> None:
    parts = parts_of(PACKAGE.rglob("*.py")) - {"__init__"}
    assert sorted([*TRAINING, *OUTPUTS, *SILENT]) == sorted(parts)


def test_what_is_silent_is_reached_by_no_other_part_but_for_messages_and_tracking() -> None:
    """`errors` and `tracking` are told something, and `git` says which files of the package go into a logged model;
    commands and hooks are above everything that makes outputs."""
    starts = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for part in TRAINING | OUTPUTS
        for path in (sorted((PACKAGE / part).rglob("*.py")) or [PACKAGE / f"{part}.py"])
        if path.name != "__init__.py"
    ]
    assert parts_of(reached_files(starts, PACKAGE.parent)) & SILENT == {"errors", "git", "tracking"}


@pytest.mark.parametrize("part", ["config.py", "tensors.py", "games/resolve.py"])
def test_an_edit_to_what_trains_is_another_training(part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "copy"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code_digest, "_PACKAGE", package)
    before = code_digest.training_digest()
    for silent in ("errors.py", "cli.py", "tracking/run.py"):
        with (package / silent).open("a", encoding="utf-8") as file:
            file.write("#")
    assert code_digest.training_digest() == before
    with (package / part).open("a", encoding="utf-8") as file:
        file.write("#")
    assert code_digest.training_digest() != before


def test_it_changes_with_names_and_contents_of_the_parts_that_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "copy"
    shutil.copytree(Path(ganops.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    here = (code_digest.source_digest(), code_digest.source_digest(lambda part: part == "data"))
    monkeypatch.setattr(code_digest, "_PACKAGE", package)

    def digests() -> tuple[str, str]:
        return code_digest.source_digest(), code_digest.source_digest(lambda part: part == "data")

    assert digests() == here
    with (package / "noise.py").open("a") as file:
        file.write("#")
    whole, data = digests()
    assert whole != here[0] and data == here[1]
    (package / "data" / "store.py").rename(package / "data" / "stores.py")
    assert digests()[1] != data
