from pathlib import Path

import pytest

from ganops.dvc_stages.imports import reached_files
from ganops.errors import StageError


def _write(source: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)


def _reach(source: Path, *starts: str, hidden: frozenset[str] = frozenset()) -> set[str]:
    return {path.relative_to(source).as_posix() for path in reached_files(starts, source, hidden)}


@pytest.mark.parametrize(
    "line",
    [
        "import p.a.deep",
        "from p.a import deep",
        "from p.a.deep import name",
        "from .a import deep",
        "from .a.deep import name",
        "def f():\n    from p.a.deep import name",
        "class C:\n    def f(self):\n        import numpy, p.a.deep as other",
    ],
)
def test_every_way_of_importing_reaches_the_module(tmp_path: Path, line: str) -> None:
    _write(tmp_path, {"p/__init__.py": "", "p/start.py": line, "p/a/__init__.py": "", "p/a/deep.py": "name = 1"})
    assert _reach(tmp_path, "p.start") == {"p/start.py", "p/a/deep.py"}


def test_imports_are_followed_transitively_and_through_circles(tmp_path: Path) -> None:
    _write(tmp_path, {"p/__init__.py": "", "p/a.py": "import p.b", "p/b.py": "import p.c, p.a", "p/c.py": "import os"})
    assert _reach(tmp_path, "p.a") == {"p/a.py", "p/b.py", "p/c.py"}


def test_a_package_with_content_is_reached_with_its_modules(tmp_path: Path) -> None:
    _write(tmp_path, {"p/__init__.py": "import p.side", "p/side.py": "", "p/a.py": "import p.b", "p/b.py": "x = 1"})
    assert _reach(tmp_path, "p.a") == {"p/a.py", "p/b.py", "p/__init__.py", "p/side.py"}


@pytest.mark.parametrize("condition", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_what_only_a_type_checker_reads_is_not_reached(tmp_path: Path, condition: str) -> None:
    text = f"if {condition}:\n    import p.b\nelse:\n    import p.c"
    _write(tmp_path, {"p/__init__.py": "", "p/a.py": text, "p/b.py": "", "p/c.py": ""})
    assert _reach(tmp_path, "p.a") == {"p/a.py", "p/c.py"}


def test_hidden_packages_are_not_entered(tmp_path: Path) -> None:
    files = {
        "p/__init__.py": "",
        "p/a.py": "import p.h.b, p.hat",
        "p/h/__init__.py": "",
        "p/h/b.py": "",
        "p/hat.py": "",
    }
    _write(tmp_path, files)
    assert _reach(tmp_path, "p.a", hidden=frozenset({"p.h"})) == {"p/a.py", "p/hat.py"}


def test_a_start_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="__main__"):
        reached_files(["__main__"], tmp_path)
