"""Text is read and written as UTF-8, independent of the machine's locale.

Ruff's PLW1514 recognizes a path only where it can infer the type; this test matches the names of the methods.
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
# Method → the position of `encoding` among its arguments.
METHODS = {"read_text": 0, "write_text": 1}


def lines_without_encoding(code: str) -> Iterator[int]:
    """Yield the line of each call that reads or writes text in the machine's encoding."""
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        keywords = {keyword.arg for keyword in node.keywords}
        position = METHODS.get(node.func.attr) if isinstance(node.func, ast.Attribute) else None
        missing = position is not None and len(node.args) <= position
        if (missing or keywords & {"text", "universal_newlines"}) and "encoding" not in keywords:
            yield node.lineno


def test_every_read_and_write_of_text_names_its_encoding() -> None:
    found = {
        str(path): lines for path in FILES if (lines := list(lines_without_encoding(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("p.read_text()\np.write_text('a')\nrun([], text=True)", [1, 2, 3]),
        ("p.read_text('utf-8')\np.write_text('a', encoding='utf-8')\nrun([], encoding='utf-8')\nread_text()", []),
    ],
)
def test_the_search_finds_calls_without_encoding(code: str, lines: list[int]) -> None:
    assert list(lines_without_encoding(code)) == lines


def test_a_terminal_without_utf8_replaces_characters_and_raises_no_error(tmp_path: Path) -> None:
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
