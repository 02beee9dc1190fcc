"""A text is read line by line; a line that cannot be read keeps its place with the reason."""

from pathlib import Path

import pytest

from ganops.data.sources.grammar import RULES, grammar
from ganops.data.sources.source import TextLine
from ganops.data.sources.text_lines import text_lines
from ganops.errors import DataError
from ganops.preparation_config import PictureLimits

from ...reference.grammar import is_grammatical


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_lines_end_as_on_any_system(end: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "\ufeffthe cat\n秦川".encode().replace(b"\n", end))
    expected = (TextLine("a.txt:1", "the cat"), TextLine("a.txt:2", "秦川"))
    assert text_lines(path).lines == expected
    assert text_lines(write(path, path.read_bytes() + end)).lines == expected


def test_files_of_a_folder_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.TXT", ".hidden.txt", "notes.md", "SOURCE.txt"):
        write(tmp_path / name, f"of {name}".encode())
    text = text_lines(tmp_path)
    assert [line.name for line in text.lines] == ["a/z.TXT:1", "b.txt:1"]
    assert set(text.ignored) == {".hidden.txt", "SOURCE.txt", "notes.md"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"caf\xe9", "not UTF-8: byte 0xe9 at 4"),
        ("cafe".encode("utf-16-le"), "the control character U+0000"),
        (b"a\x07b", "the control character U+0007"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_with_its_reason(line: bytes, reason: str, tmp_path: Path) -> None:
    lines = text_lines(write(tmp_path / "a.txt", b"one\n" + line + b"\nthree\n")).lines
    assert [bad.name for bad in lines if bad.problem] == ["a.txt:2"]
    assert lines[1].problem.startswith(reason)
    assert [one.text for one in lines if not one.problem] == ["one", "three"]


@pytest.mark.parametrize("line", [b"", b" \t "])
def test_an_empty_line_is_a_line(line: bytes, tmp_path: Path) -> None:
    lines = text_lines(write(tmp_path / "a.txt", b"one\n" + line + b"\nthree\n")).lines
    assert lines[1] == TextLine("a.txt:2", line.decode())


def test_a_file_above_the_limit_is_one_bad_line(tmp_path: Path) -> None:
    write(tmp_path / "large.txt", b"x" * 1_000_001)
    (line,) = text_lines(tmp_path, PictureLimits(file_megabytes=1)).lines
    assert line.name == "large.txt" and "data_preparation.limits.file_megabytes=1" in line.problem


@pytest.mark.parametrize(("name", "received"), [("missing", "no such file or folder"), ("other", "notes.md")])
def test_a_folder_without_a_text_is_refused(name: str, received: str, tmp_path: Path) -> None:
    write(tmp_path / "other" / "notes.md", b"text")
    with pytest.raises(DataError, match=received):
        text_lines(tmp_path / name)


def test_the_grammar_gives_its_own_sentences_always_the_same() -> None:
    lines = [line.text for line in grammar().lines]
    assert lines == [line.text for line in grammar().lines] and len(lines) == 20_000
    assert all(map(is_grammatical, lines[::20]))
    lengths = [len(line.split()) for line in lines]
    assert (min(lengths), max(lengths)) == (4, 20)
    words = {part for rules in RULES.values() for rule in rules for part in rule.split()} - RULES.keys()
    assert {word for line in lines for word in line.split()} == words


@pytest.mark.parametrize(
    "line",
    [
        "",
        "the cat sleep .",
        "the cats that follows a robot sleep .",
        "every cats sleep .",
        "the cat sleeps",
        "the cat sleeps . .",
        "the dog sleeps .",
    ],
)
def test_other_sentences_are_ungrammatical(line: str) -> None:
    assert is_grammatical("the cats that follow a robot sleep .")
    assert not is_grammatical(line)
