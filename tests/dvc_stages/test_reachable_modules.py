"""The modules that a stage depends on, read from the text of a package."""

from itertools import count
from pathlib import Path

import pytest

from ganops.dvc_stages.stages import import_graph, reachable_modules
from ganops.errors import StageError

_NUMBERS = count()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of an empty package with a name of its own, which can be imported."""
    folder = tmp_path / f"written_{next(_NUMBERS)}"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def reached(package: Path, files: dict[str, str], excluded: tuple[str, ...] = ()) -> set[str]:
    """Write the files, with PKG for the package's name; return what `start` reaches, without that name."""
    for name, text in files.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text.replace("PKG", package.name), encoding="utf-8")
        (package / name).with_name("__init__.py").touch()
    modules = reachable_modules(import_graph(package.name, excluded), [f"{package.name}.start"])
    return {module.removeprefix(f"{package.name}.") for module in modules}


@pytest.mark.parametrize(
    "line",
    [
        "import PKG.a.deep",
        "from PKG.a import deep",
        "from PKG.a.deep import name",
        "from .a import deep",
        "from .a.deep import name",
        "def f():\n    from PKG.a.deep import name",
        "class C:\n    def f(self):\n        import numpy, PKG.a.deep as other",
    ],
)
def test_every_form_of_import_counts(package: Path, line: str) -> None:
    assert reached(package, {"start.py": line, "a/deep.py": "name = 1"}) == {"start", "a.deep"}


def test_imports_are_followed_through_circles(package: Path) -> None:
    files = {
        "start.py": "import PKG.b",
        "b.py": "import PKG.c, PKG.start",
        "c.py": "import os",
        "d.py": "import PKG.start",
    }
    assert reached(package, files) == {"start", "b", "c"}


@pytest.mark.parametrize("condition", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_imports_for_a_type_checker_do_not_count(package: Path, condition: str) -> None:
    text = (
        f"import typing\nfrom typing import TYPE_CHECKING\nif {condition}:\n    import PKG.b\nelse:\n    import PKG.c"
    )
    assert reached(package, {"start.py": text, "b.py": "", "c.py": ""}) == {"start", "c"}


def test_an_excluded_part_is_left_out_with_what_only_it_reaches(package: Path) -> None:
    files = {"start.py": "import PKG.h.b, PKG.hat", "h/b.py": "import PKG.secret", "hat.py": "", "secret.py": ""}
    assert reached(package, files, excluded=("h", "unknown")) == {"start", "hat"}


def test_a_start_outside_the_package_is_refused(package: Path) -> None:
    with pytest.raises(StageError, match="__main__ is not in the project's package"):
        reachable_modules(import_graph(package.name), ["__main__"])
