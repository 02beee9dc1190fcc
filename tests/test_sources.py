"""The digest of the sources sees every file that counts, and no other."""

import shutil
from pathlib import Path

import pytest

import ganops
from ganops import sources


def test_it_changes_with_names_and_contents_of_the_parts_that_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "copy"
    shutil.copytree(Path(ganops.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    here = (sources.source_digest(), sources.source_digest(lambda part: part == "data"))
    monkeypatch.setattr(sources, "_PACKAGE", package)

    def digests() -> tuple[str, str]:
        return sources.source_digest(), sources.source_digest(lambda part: part == "data")

    assert digests() == here
    with (package / "noise.py").open("a") as file:
        file.write("#")
    whole, data = digests()
    assert whole != here[0] and data == here[1]
    (package / "data" / "store.py").rename(package / "data" / "stores.py")
    assert digests()[1] != data
