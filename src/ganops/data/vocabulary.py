"""The vocabulary of a text: token and number, in both directions. Torch-free.

Number 0 ends a line and fills the rest. The others are numbered by their frequency, the most frequent first; tokens of
equal frequency in the order of their code points. Texts are read in Unicode's form NFC; white space of any kind and
length separates words, and is one space among characters.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property

from jaxtyping import Int32
from numpy import int32, ndarray, zeros
from pydantic import model_validator

from ganops.preparation_config import TokenKind
from ganops.sealed_json import StrictModel

END = 0
"""the number that ends a line"""
ENCODING = "token_number"
"""name of the encoding of fields that hold such numbers"""
_JOINED_BY: dict[TokenKind, str] = {"words": " ", "characters": ""}


class Vocabulary(StrictModel):
    """The tokens of a text.

    Attributes:
        tokens: what they are.
        entries: by their numbers; the first, which ends a line, is empty.
    """

    tokens: TokenKind
    entries: tuple[str, ...]

    @model_validator(mode="after")
    def _check_entries(self) -> "Vocabulary":
        if not self.entries or self.entries[END] or not all(self.entries[1:]):
            raise ValueError("entries, the first alone empty")
        if len(self._numbers) < len(self.entries):
            raise ValueError("entries that differ")
        return self

    def __len__(self) -> int:
        """Return the number of entries, the end of a line among them."""
        return len(self.entries)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {entry: number for number, entry in enumerate(self.entries)}

    def find_unknown(self, tokens: Iterable[str]) -> list[str]:
        """Return the tokens that it lacks, in their order."""
        return [token for token in tokens if token not in self._numbers]

    def encode(self, tokens: Sequence[str], length: int) -> Int32[ndarray, " length"]:
        """Return the numbers of at most `length` known tokens, filled up with 0."""
        numbers = zeros(length, dtype=int32)
        numbers[: len(tokens)] = [self._numbers[token] for token in tokens]
        return numbers

    def parse(self, text: str) -> list[str]:
        """Return the tokens of a line, split as `split_line` does it.

        Of characters, spaces are left out where the vocabulary has none; and where NFC composes a letter that is
        unknown, although its parts are known, the characters are those of the text as it stands. So every token of a
        text that `decode` returned is known.
        """
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
        return _JOINED_BY[self.tokens].join(self.entries[number] for number in known[:end])


def split_line(line: str, tokens: TokenKind) -> list[str]:
    """Return the tokens of a line: its words, or its characters with one space for each run of white space."""
    words = unicodedata.normalize("NFC", line).split()
    return words if tokens == "words" else list(" ".join(words))


def build_vocabulary(lines: Iterable[Sequence[str]], tokens: TokenKind, size: int) -> Vocabulary:
    """Return the vocabulary of the `size` most frequent tokens, the end of a line not counted."""
    counts = Counter(token for line in lines for token in line)
    ranked = sorted(counts, key=lambda token: (-counts[token], token))
    return Vocabulary(tokens=tokens, entries=("", *ranked[:size]))
