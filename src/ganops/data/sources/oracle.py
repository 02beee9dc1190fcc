"""Lines of SeqGAN's synthetic oracle: a text that needs no files, under whose law every line has a known probability.

Always the same 10,000 lines of 20 tokens. A token is written as its number.
"""

from ganops.data.oracle import LENGTH, Oracle
from ganops.data.sources.source import TextLine, TextLines
from ganops.noise import Noise

_LINES, _AT_ONCE = 10_000, 500


def oracle() -> TextLines:
    """Return the lines."""
    law = Oracle.draw()
    rows = [
        row
        for first in range(0, _LINES, _AT_ONCE)
        for row in law.sample(Noise(0, first, _AT_ONCE).uniform("source/oracle", (LENGTH,))).tolist()
    ]
    return TextLines(tuple(TextLine(f"oracle:{number}", " ".join(map(str, row))) for number, row in enumerate(rows)))
