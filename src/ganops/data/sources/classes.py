"""Names and order of classes, by the same rules in every source, so that a class has the same number in each.

Names are in Unicode's form NFC, because systems write a name in two forms: "é" as one character, or as "e" and an
accent. Their order is natural: runs of digits count as numbers, so 0, 1, 2, …, 10, not 0, 1, 10, 2. Classes that a
publisher has numbered keep that order, unless it is the order of the names sorted as texts: then a program has listed
folders.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

_DIGITS = re.compile("([0-9]+)")
NaturalKey = tuple[list[str | tuple[int, str]], str]


def normalize_name(name: str) -> str:
    """Return the name in Unicode's form NFC."""
    return unicodedata.normalize("NFC", name)


def _natural_key(name: str) -> NaturalKey:
    """Return the sort key: texts as texts, runs of digits as numbers; ties are broken by the whole name."""
    # Not int, which takes at most 4,300 digits.
    parts = [_number(part) if at % 2 else part for at, part in enumerate(_DIGITS.split(name))]
    return parts, name


def sort_classes(names: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct names, in natural order."""
    return tuple(sorted(set(names), key=_natural_key))


def order_classes(names: Sequence[str]) -> tuple[str, ...]:
    """Return the distinct names that a publisher has numbered, in the order of the classes."""
    different = tuple(dict.fromkeys(names))
    return sort_classes(different) if list(different) == sorted(different) else different


def _number(digits: str) -> tuple[int, str]:
    significant = digits.lstrip("0")
    return len(significant), significant
