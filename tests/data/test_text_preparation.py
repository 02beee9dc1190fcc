"""A text becomes a store: numbers of tokens, a vocabulary, splits, and the reasons of what is skipped."""

import json
from pathlib import Path

import numpy as np
import pytest

from ganops.data.preparation import prepare
from ganops.data.preparation_report import summarize
from ganops.data.sources.source import TextLine, TextLines
from ganops.data.store import Store
from ganops.errors import ConfigurationError, DataError

from ..parameters import data_preparation

WORDS = ("the", "a", "cat", "dog", "sleeps", "runs", "far")


def text(*bad: TextLine) -> TextLines:
    lines = [f"{WORDS[i % 7]} {WORDS[i // 7 % 7]} {WORDS[i // 49]}" for i in range(100)]
    return TextLines((*(TextLine(f"a.txt:{i}", line) for i, line in enumerate(lines)), *bad))


def prepared(source: TextLines, **changed):
    return prepare(source, data_preparation(source="text_lines", tokens="words", **changed))


def test_a_store_gives_back_every_line(tmp_path: Path) -> None:
    data, report = prepared(text())
    data.write(tmp_path / "store")
    store = Store.open(tmp_path / "store")
    assert store.vocabulary is not None and set(store.vocabulary.entries) == {"", *WORDS}
    rows = store.read("tokens", np.arange(100))
    assert (rows.dtype, rows.shape) == (np.int32, (100, 3))
    assert [store.vocabulary.decode(row.tolist()) for row in rows] == [line.text for line in text().lines]
    assert list(store.manifest["file"]) == [line.name for line in text().lines]
    assert report["shape"]["vocabulary"] == 8 and report["splits"]["held_out"]["samples"] == 20
    assert "skipped 0" in summarize(report)


def test_equal_text_gives_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        prepared(text())[0].write(tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == ["manifest.parquet", "store.json", "tokens.npy", "vocabulary.json"]
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_the_digest_depends_on_the_vocabulary(tmp_path: Path) -> None:
    """Other words of the same frequencies have the same numbers."""
    other = TextLines(tuple(TextLine(line.name, line.text.replace("cat", "cow")) for line in text().lines))
    digests = []
    for name, source in (("cat", text()), ("cow", other)):
        prepared(source)[0].write(tmp_path / name)
        digests.append(Store.open(tmp_path / name).digest())
    assert (tmp_path / "cat" / "tokens.npy").read_bytes() == (tmp_path / "cow" / "tokens.npy").read_bytes()
    assert digests[0] != digests[1]


@pytest.mark.parametrize("content", [None, "{}", "damaged"])
def test_a_store_without_a_whole_vocabulary_is_damaged(content: str | None, tmp_path: Path) -> None:
    prepared(text())[0].write(tmp_path / "store")
    file = tmp_path / "store" / "vocabulary.json"
    if content is None:
        file.unlink()
    elif content == "damaged":
        values = json.loads(file.read_text())
        file.write_text(json.dumps({**values, "entries": values["entries"][::-1]}))
    else:
        file.write_text(content)
    with pytest.raises(DataError, match=r"vocabulary\.json"):
        Store.open(tmp_path / "store")


LONG = TextLine("b.txt:7", "the cat the cat the")
EMPTY = TextLine("b.txt:8", " \t")
RARE = TextLine("b.txt:9", "the axolotl sleeps")


@pytest.mark.parametrize(
    ("bad", "changed", "reason"),
    [
        (LONG, {"longest_line": 4}, "5 tokens, more than 4"),
        (EMPTY, {}, "an empty line"),
        (RARE, {"vocabulary_size": 7}, "tokens outside the vocabulary: axolotl"),
    ],
)
def test_lines_that_cannot_be_used_are_named_and_skipped_up_to_the_tolerated_share(bad, changed, reason) -> None:
    with pytest.raises(DataError, match=f"{bad.name}: {reason}"):
        prepared(text(bad), **changed)
    data, report = prepared(text(bad), tolerated_bad_share=0.01, **changed)
    assert len(data.manifest) == 100
    assert report["skipped"]["first"] == [{"file": bad.name, "reason": reason}]


def test_the_longest_line_is_at_most_64_tokens() -> None:
    with pytest.raises(DataError, match="65 tokens, more than 64"):
        prepared(text(TextLine("b.txt:1", "the " * 65)))
    assert prepared(text(TextLine("b.txt:1", "the " * 65)), longest_line=65)[0].arrays["tokens"].shape == (101, 65)


def test_too_few_lines_are_refused() -> None:
    with pytest.raises(DataError, match="at least 10 that can be used"):
        prepared(TextLines(text().lines[:9]))


def test_copies_of_a_line_are_in_one_split() -> None:
    copies = [TextLine(f"b.txt:{i}", line.text) for i, line in enumerate(text().lines)]
    data, report = prepared(text(*copies))
    splits = data.manifest["split"].tolist()
    assert report["duplicates"] == 100
    assert splits[:100] == splits[100:]


def test_text_needs_a_kind_of_tokens() -> None:
    with pytest.raises(ConfigurationError, match=r"data_preparation\.tokens: expected words, characters or byte_pairs"):
        data_preparation(source="grammar")


def test_too_few_lines_for_the_splits_are_called_lines() -> None:
    with pytest.raises(DataError, match=r"the lines: expected a distinct line for each of .*Add lines"):
        prepared(TextLines(tuple(TextLine(f"a.txt:{i}", "the cat") for i in range(20))))
