"""Byte pairs: merges are those of the algorithm, every line survives, and the store keeps what is needed."""

import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from ganops.data import byte_pairs
from ganops.data.preparation import prepare
from ganops.data.sources.source import TextLine, TextLines
from ganops.data.store import Store
from ganops.data.vocabulary import Vocabulary, learn_vocabulary, normalize_line
from ganops.errors import ConfigurationError, DataError
from ganops.preparation_config import LEAST_BYTE_PAIRS

from ..parameters import data_preparation

pytest.importorskip("tokenizers", reason="the extra text is not installed")

LINES = [f"the {a} {verb} {b}" for a in ("cat", "dog", "bird") for verb in ("sees", "saw") for b in ("cats", "dogs")]
# Letters, combining marks, spaces of several kinds, ideographs, one beyond 16 bits, an unassigned one.
LETTERS = "ab Zé\u0301\u00a0\t\u3000秦川，🙂.'\u0378\ufffd"


def learn_by_hand(lines: list[str], merges: int) -> list[tuple[str, str]]:
    """Merge the most frequent pair, again and again (Sennrich et al. 2016, algorithm 1); of ASCII."""
    words = Counter(word for line in lines for word in line.replace(" ", " Ġ").split(" "))
    split, learned = {word: tuple(word) for word in words}, []
    for _ in range(merges):
        counts: Counter[tuple[str, str]] = Counter()
        for word, parts in split.items():
            for pair in pairwise(parts):
                counts[pair] += words[word]
        (best, count), *others = counts.most_common()
        assert not others or others[0][1] < count, "a tie: the test needs other lines"
        learned.append(best)
        split = {word: merge(parts, best) for word, parts in split.items()}
    return learned


def merge(parts: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    merged: list[str] = []
    for part in parts:
        if merged and (merged[-1], part) == pair:
            merged[-1] += part
        else:
            merged.append(part)
    return tuple(merged)


def test_merges_are_those_of_the_algorithm() -> None:
    lines = ["aab aab aab aab", "aac aab", "xaay"]
    assert list(learn_vocabulary(lines, LEAST_BYTE_PAIRS + 3).merges) == learn_by_hand(lines, 3)


def test_the_vocabulary_follows_from_the_lines_whatever_their_order() -> None:
    vocabulary = learn_vocabulary(LINES, 300)
    assert vocabulary == learn_vocabulary(LINES[::-1], 300) and 258 < len(vocabulary) <= 301
    assert vocabulary.entries[257] == "".join(vocabulary.merges[0])
    assert Vocabulary.model_validate_json(vocabulary.model_dump_json()) == vocabulary


def test_every_line_is_read_back() -> None:
    draw, vocabulary = random.Random(0), learn_vocabulary(LINES, 300)
    for _ in range(500):
        line = "".join(draw.choices(LETTERS, k=draw.randrange(0, 12)))
        tokens = vocabulary.parse(line)
        assert vocabulary.find_unknown(tokens) == []
        assert vocabulary.decode(vocabulary.encode(tokens, len(tokens) + 1).tolist()) == normalize_line(line)


def test_bytes_that_are_no_text_are_replaced_and_end_no_line() -> None:
    vocabulary, draw = learn_vocabulary(LINES, 300), random.Random(0)
    for _ in range(200):
        text = vocabulary.decode([draw.randrange(1, len(vocabulary)) for _ in range(8)])
        assert text.encode() and not set(text) & {"\n", "\r", "\x00", "\x85"}
        assert vocabulary.find_unknown(vocabulary.parse(text)) == []
    newline = vocabulary.entries.index("Ċ")
    assert vocabulary.decode([newline, newline, 0, newline]) == "\ufffd\ufffd"


def test_a_store_keeps_the_merges_and_gives_back_every_line(tmp_path: Path) -> None:
    source = TextLines(tuple(TextLine(f"a.txt:{at}", line) for at, line in enumerate(LINES)))
    parameters = data_preparation(source="text_lines", tokens="byte_pairs", vocabulary_size=270)
    for name in ("one", "two"):
        prepare(source, parameters)[0].write(tmp_path / name)
    store = Store.open(tmp_path / "one")
    assert store.vocabulary is not None and len(store.vocabulary) == 271 and len(store.vocabulary.merges) == 14
    assert [store.vocabulary.decode(row) for row in store.read("tokens", np.arange(12)).tolist()] == LINES
    assert store.digest() == Store.open(tmp_path / "two").digest()
    assert all((tmp_path / "two" / file.name).read_bytes() == file.read_bytes() for file in store.path.iterdir())


BAD_MERGES = [(("a", "c"),), (("b", "a"),), (("", "a"),), (("a", "b"),) * 5]


@pytest.mark.parametrize(
    "changed", [{"tokens": "words"}, {"entries": ("", "a", "b")}, *({"merges": merges} for merges in BAD_MERGES)]
)
def test_merges_are_of_entries_and_of_byte_pairs_alone(changed: dict) -> None:
    values = {"tokens": "byte_pairs", "entries": ("", "a", "b", "ab"), "merges": (("a", "b"),)}
    assert Vocabulary(**values).parse("ab") == ["ab"]
    with pytest.raises(ValidationError):
        Vocabulary(**{**values, **changed})


def test_other_vocabularies_store_no_merges() -> None:
    stored = Vocabulary(tokens="words", entries=("", "a")).model_dump(mode="json")
    assert stored == {"tokens": "words", "entries": ["", "a"]}


def test_fewer_tokens_than_bytes_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"vocabulary_size: expected at least 256"):
        data_preparation(source="grammar", tokens="byte_pairs", vocabulary_size=255)


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(byte_pairs.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"pip install 'ganops\[text\]'"):
        learn_vocabulary(LINES, 300)
