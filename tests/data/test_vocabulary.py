"""Tokens and numbers, in both directions."""

import random

import pytest
from pydantic import ValidationError

from ganops.data.vocabulary import Vocabulary, build_vocabulary, split_line
from ganops.preparation_config import TokenKind

LINES = [["b", "a", "b"], ["c", "a", "b"], ["d"]]


def test_numbers_follow_frequency_then_code_points() -> None:
    assert build_vocabulary(LINES, "words", 9).entries == ("", "b", "a", "c", "d")
    assert build_vocabulary(reversed(LINES), "words", 3).entries == ("", "b", "a", "c")


def test_a_line_is_its_tokens_up_to_the_end() -> None:
    vocabulary = build_vocabulary(LINES, "words", 9)
    numbers = vocabulary.encode(["b", "d"], 4)
    assert numbers.tolist() == [1, 4, 0, 0] and vocabulary.decode(numbers.tolist()) == "b d"
    assert vocabulary.decode([1, 0, 4, 2]) == "b" and vocabulary.decode([0]) == ""
    assert vocabulary.decode([4, 3, 2, 1]) == "d c a b"
    assert vocabulary.find_unknown(["b", "x", "", "y"]) == ["x", "y"]


@pytest.mark.parametrize(
    ("line", "tokens", "expected"),
    [
        (" the  cat\tsleeps ", "words", ["the", "cat", "sleeps"]),
        (" the  cat ", "characters", ["t", "h", "e", " ", "c", "a", "t"]),
        ("秦川，雄", "characters", ["秦", "川", "，", "雄"]),
        ("cafe\u0301", "characters", ["c", "a", "f", "é"]),
    ],
)
def test_lines_are_split(line: str, tokens: TokenKind, expected: list[str]) -> None:
    assert split_line(line, tokens) == expected


@pytest.mark.parametrize("entries", [(), ("a",), ("", "a", ""), ("", "a", "a")])
def test_entries_differ_and_the_first_alone_is_empty(entries: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        Vocabulary(tokens="words", entries=entries)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \t", []),
        (" é  a ", ["é", "a"]),
        ("e\u0301a", ["é", "a"]),
        ("a\u0301 e\u0301", ["a", "\u0301", "e", "\u0301"]),
        ("ax", ["a", "x"]),
    ],
)
def test_a_line_of_another_program_is_read_as_training_lines_are(text: str, expected: list[str]) -> None:
    assert Vocabulary(tokens="characters", entries=("", "a", "e", "é", "\u0301")).parse(text) == expected


def test_every_sequence_of_tokens_is_known_when_it_is_read_back() -> None:
    """Also those that no training line has: marks after any letter, spaces at the ends."""
    draw = random.Random(1)
    vocabulary = build_vocabulary([list("ab é\u0301\u0323\u0308uü秦\u1100\u1161")], "characters", 99)
    for _ in range(500):
        numbers = [draw.randrange(1, len(vocabulary)) for _ in range(6)]
        assert vocabulary.find_unknown(vocabulary.parse(vocabulary.decode(numbers))) == []


# Letters, combining marks, spaces of several kinds, ideographs, and one beyond 16 bits.
LETTERS = "ab Zé\u0301\u00a0\t\u3000秦川，🙂.'"


@pytest.mark.parametrize("tokens", ["words", "characters"])
def test_every_line_survives_the_round_trip(tokens: TokenKind) -> None:
    draw = random.Random(0)
    texts = ["".join(draw.choices(LETTERS, k=draw.randrange(1, 12))) for _ in range(500)]
    lines = [split_line(text, tokens) for text in texts]
    vocabulary = build_vocabulary(lines, tokens, 10**6)
    longest = max(map(len, lines)) + 1
    for line in lines:
        text = vocabulary.decode(vocabulary.encode(line, longest).tolist())
        assert vocabulary.parse(text) == line
        assert vocabulary.find_unknown(line) == []
