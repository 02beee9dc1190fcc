"""The names of classes, and their order: the same for every source, so that a class has the same number in each.

Names are in Unicode's form NFC, because systems write one name in two forms: "é" as one character, or as "e" and an
accent. Their order is the natural one, in which numbers count as numbers: 0, 1, 2, …, 10, not 0, 1, 10, 2. Where a
publisher numbers the classes, the numbers keep their order, unless it is that of the names sorted as texts, which is no
choice of the publisher but of a program that listed folders.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

_DIGITS = re.compile("([0-9]+)")
NaturalKey = tuple[list[str | tuple[int, str]], str]


def normalize_name(name: str) -> str:
    """The name in the form NFC."""
    return unicodedata.normalize("NFC", name)


def natural_key(name: str) -> NaturalKey:
    """What to sort by: texts as texts, runs of digits as numbers; names that are equal so far as texts."""
    # Digits are not turned into an int, which refuses more than 4,300 of them.
    parts = [_number(part) if at % 2 else part for at, part in enumerate(_DIGITS.split(name))]
    return parts, name


def sort_classes(names: Iterable[str]) -> tuple[str, ...]:
    """The different names, in natural order."""
    return tuple(sorted(set(names), key=natural_key))


def order_classes(names: Sequence[str]) -> tuple[str, ...]:
    """The different names that a publisher numbers, in the order of the classes."""
    different = tuple(dict.fromkeys(names))
    return sort_classes(different) if list(different) == sorted(different) else different


def _number(digits: str) -> tuple[int, str]:
    significant = digits.lstrip("0")
    return len(significant), significant
