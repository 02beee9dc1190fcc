"""The vocabulary of a text: token and number, in both directions. Torch-free.

Number 0 ends a line and fills the rest. The others are numbered by their frequency, the most frequent first; tokens of
equal frequency in the order of their code points; byte pairs by the order in which they were merged, after the bytes.
Texts are read in Unicode's form NFC; white space of any kind and length separates words, and is one space among
characters and byte pairs.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from jaxtyping import Int32
from numpy import int32, ndarray, zeros
from pydantic import model_serializer, model_validator

from ganops.data.byte_pairs import BytePairs, Merges, learn_byte_pairs
from ganops.preparation_config import TokenKind
from ganops.sealed_json import StrictModel

END = 0
"""the number that ends a line"""
ENCODING = "token_number"
"""name of the encoding of fields that hold such numbers"""
_BYTE_PAIRS: TokenKind = "byte_pairs"
_JOINED_BY: dict[TokenKind, str] = {"words": " ", "characters": ""}


class Vocabulary(StrictModel):
    """The tokens of a text.

    Attributes:
        tokens: what they are.
        entries: by their numbers; the first, which ends a line, is empty.
        merges: of byte pairs, in the order in which they are applied; others have none, and store none.
    """

    tokens: TokenKind
    entries: tuple[str, ...]
    merges: Merges = ()

    @model_validator(mode="after")
    def _check_entries(self) -> "Vocabulary":
        if not self.entries or self.entries[END] or not all(self.entries[1:]):
            raise ValueError("entries, the first alone empty")
        if len(self._numbers) < len(self.entries):
            raise ValueError("entries that differ")
        if self.merges and self.tokens != _BYTE_PAIRS:
            raise ValueError("merges of byte pairs alone")
        if not all(self._numbers.get(part, END) for pair in self.merges for part in (*pair, "".join(pair))):
            raise ValueError("merges of entries")
        if len(self.merges) > len(self.entries):
            raise ValueError("at most as many merges as entries")
        return self

    @model_serializer(mode="wrap")
    def _leave_out_no_merges(self, serialize: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        values = serialize(self)
        return values if self.merges else {name: value for name, value in values.items() if name != "merges"}

    def __len__(self) -> int:
        """Return the number of entries, the end of a line among them."""
        return len(self.entries)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {entry: number for number, entry in enumerate(self.entries)}

    @property
    def libraries(self) -> tuple[str, ...]:
        """Return the packages that splitting and joining need, apart from those of ganops."""
        return ("tokenizers",) if self.tokens == _BYTE_PAIRS else ()

    @cached_property
    def _byte_pairs(self) -> BytePairs:
        return BytePairs(self.entries[1:], self.merges)

    def find_unknown(self, tokens: Iterable[str]) -> list[str]:
        """Return the tokens that it lacks, in their order."""
        return [token for token in tokens if token not in self._numbers]

    def encode(self, tokens: Sequence[str], length: int) -> Int32[ndarray, " length"]:
        """Return the numbers of at most `length` known tokens, filled up with 0."""
        numbers = zeros(length, dtype=int32)
        numbers[: len(tokens)] = [self._numbers[token] for token in tokens]
        return numbers

    def parse(self, text: str) -> list[str]:
        """Return the tokens of a line, split as those of the training lines.

        Of characters, spaces are left out where the vocabulary has none; and where NFC composes a letter that is
        unknown, although its parts are known, the characters are those of the text as it stands. So every token of a
        text that `decode` returned is known.
        """
        if self.tokens == _BYTE_PAIRS:
            return self._byte_pairs.split(normalize_line(text))
        tokens = split_line(text, self.tokens)
        if self.tokens == "words":
            return tokens
        composed, apart = (
            [character for character in characters if not character.isspace() or character in self._numbers]
            for characters in (tokens, text)
        )
        return apart if self.find_unknown(composed) and not self.find_unknown(apart) else composed

    def decode(self, numbers: Sequence[int]) -> str:
        """Return the text up to the first 0."""
        known = list(numbers)
        end = known.index(END) if END in known else len(known)
        tokens = [self.entries[number] for number in known[:end]]
        return self._byte_pairs.join(tokens) if self.tokens == _BYTE_PAIRS else _JOINED_BY[self.tokens].join(tokens)


def normalize_line(line: str) -> str:
    """Return a line in Unicode's form NFC, with one space for each run of white space and none at its ends."""
    return " ".join(unicodedata.normalize("NFC", line).split())


def split_line(line: str, tokens: TokenKind) -> list[str]:
    """Return the tokens of a line: its words, or its characters with one space for each run of white space."""
    normal = normalize_line(line)
    return normal.split() if tokens == "words" else list(normal)


def build_vocabulary(lines: Iterable[Sequence[str]], tokens: TokenKind, size: int) -> Vocabulary:
    """Return the vocabulary of the `size` most frequent tokens, the end of a line not counted."""
    counts = Counter(token for line in lines for token in line)
    ranked = sorted(counts, key=lambda token: (-counts[token], token))
    return Vocabulary(tokens=tokens, entries=("", *ranked[:size]))


def learn_vocabulary(lines: Iterable[str], size: int) -> Vocabulary:
    """Return the vocabulary of the bytes and their most frequent merges, `size` in all, the end of a line not counted.

    Raises:
        DataError: the library that learns them is not installed.
    """
    entries, merges = learn_byte_pairs(map(normalize_line, lines), size)
    return Vocabulary(tokens=_BYTE_PAIRS, entries=("", *entries), merges=merges)
