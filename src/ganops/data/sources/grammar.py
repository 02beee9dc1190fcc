"""Sentences of a small context-free grammar: a text that needs no files.

A rule is chosen with equal probability among those of its symbol. Subject and verb agree in number, also across a
relative clause: what a model of single words gets wrong. Always the same 20,000 sentences, of 4 to 20 words.
"""

from collections.abc import Iterator

from ganops.data.sources.source import TextLine, TextLines
from ganops.noise import Noise

_SENTENCES, _CHOICES = 20_000, 32
# Symbol → its rules. What is no key is a word.
RULES: dict[str, tuple[str, ...]] = {
    "S": ("NP1 VP1 .", "NP2 VP2 ."),
    "NP1": ("DET1 N1", "DET1 ADJ N1", "DET1 N1 PP", "DET1 N1 that VP1"),
    "NP2": ("DET2 N2", "DET2 ADJ N2", "DET2 N2 PP", "DET2 N2 that VP2"),
    "OBJ": ("DET1 N1", "DET2 N2", "DET1 ADJ N1", "DET2 ADJ N2"),
    "VP1": ("sleeps", "is ADJ", "TV1 OBJ", "TV1 OBJ PP"),
    "VP2": ("sleep", "are ADJ", "TV2 OBJ", "TV2 OBJ PP"),
    "PP": ("PREP OBJ",),
    "DET1": ("the", "a", "this", "every"),
    "DET2": ("the", "some", "these", "two"),
    "N1": ("painter", "cat", "farmer", "river", "child", "robot"),
    "N2": ("painters", "cats", "farmers", "rivers", "children", "robots"),
    "ADJ": ("small", "old", "green", "quiet", "bright"),
    "TV1": ("sees", "likes", "follows", "paints"),
    "TV2": ("see", "like", "follow", "paint"),
    "PREP": ("near", "behind", "without"),
}


def grammar() -> TextLines:
    """Return the sentences."""
    choices = Noise(seed=0, first=0, count=_SENTENCES).uniform("source/grammar", (_CHOICES,)).tolist()
    lines = [" ".join(_expand("S", iter(row))) for row in choices]
    return TextLines(tuple(TextLine(f"grammar:{number}", line) for number, line in enumerate(lines)))


def _expand(symbol: str, choices: Iterator[float]) -> list[str]:
    """Return the words of a symbol; every symbol with several rules takes one choice, left to right."""
    if symbol not in RULES:
        return [symbol]
    rules = RULES[symbol]
    rule = rules[int(next(choices) * len(rules))] if rules[1:] else rules[0]
    return [word for part in rule.split() for word in _expand(part, choices)]
