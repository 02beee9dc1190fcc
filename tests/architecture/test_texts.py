"""A text is read and written as UTF-8, whatever the machine's locale.

PLW1514 of ruff sees a path only where its type is plain; here the names of the methods are enough.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [*(ROOT / "src").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
# Method → the place of `encoding` among its arguments.
METHODS = {"read_text": 0, "write_text": 1}


def without_encoding(code: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        keywords = {keyword.arg for keyword in node.keywords}
        place = METHODS.get(node.func.attr) if isinstance(node.func, ast.Attribute) else None
        unnamed = place is not None and len(node.args) <= place
        if (unnamed or keywords & {"text", "universal_newlines"}) and "encoding" not in keywords:
            yield node.lineno


def test_every_text_names_its_encoding() -> None:
    found = {str(path): lines for path in FILES if (lines := list(without_encoding(path.read_text(encoding="utf-8"))))}
    assert found == {}


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("p.read_text()\np.write_text('a')\nrun([], text=True)", [1, 2, 3]),
        ("p.read_text('utf-8')\np.write_text('a', encoding='utf-8')\nrun([], encoding='utf-8')\nread_text()", []),
    ],
)
def test_the_search_would_find_them(code: str, lines: list[int]) -> None:
    assert list(without_encoding(code)) == lines


def test_a_terminal_that_is_no_utf8_shows_other_signs_and_ends_nothing(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, ganops.settings\nfrom rich.console import Console\n"
        "print('1 \\u00b1 2')\nsys.stderr.write('3 \\u00d7 4')\nConsole().print('5 \\u00b1 6')\n"
        "import subprocess\nsubprocess.run([sys.executable, '-c', r'print(\"7 \\u00b1 8\")'], check=True)\n",
        encoding="utf-8",
    )
    names = ("LANG", "LC_CTYPE", "PYTHONIOENCODING")
    plain = {name: value for name, value in os.environ.items() if name not in names}
    environment = plain | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONUNBUFFERED": "1"}
    done = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, check=False)
    assert done.stdout.split(b"\n") == [b"1 ? 2", b"5 ? 6", b"7 ? 8", b""], done.stderr
    assert b"3 ? 4" in done.stderr
