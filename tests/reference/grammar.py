"""Whether the grammar of `ganops.data.sources.grammar` has a sentence, by trying every rule."""

from functools import lru_cache

from ganops.data.sources.grammar import RULES


def is_grammatical(line: str) -> bool:
    """Return whether the grammar has this sentence."""
    words = tuple(line.split())
    return len(words) in _ends("S", words, 0)


@lru_cache(maxsize=1024)
def _ends(symbol: str, words: tuple[str, ...], start: int) -> frozenset[int]:
    """Return the positions at which the symbol may end that begins at `start`."""
    if symbol not in RULES:
        return frozenset({start + 1} if words[start : start + 1] == (symbol,) else ())
    found: set[int] = set()
    for rule in RULES[symbol]:
        positions = {start}
        for part in rule.split():
            positions = {end for position in positions for end in _ends(part, words, position)}
        found |= positions
    return frozenset(found)
