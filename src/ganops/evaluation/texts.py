"""Metrics of generated lines that use no features: BLEU, self-BLEU, distinct n-grams, copies of training lines.

BLEU is sacrebleu's, of a sentence against many references, on the numbers of tokens, which are words of their own. It
takes a line's n-grams from any of the references, so it says how usual the n-grams are (Yu et al. 2017, SeqGAN); the
same against other generated lines says how alike they are (Zhu et al. 2018, Texygen). Both grow with the number of
references, which is the same for both.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32

from ganops.metrics.ngrams import distinct_ngrams, duplicate_share, mean_bleu
from ganops.noise import permutation

LINES = 1000


@dataclass(frozen=True)
class TextStatistics:
    """A set of lines.

    Attributes:
        lines: numbers of tokens; 0 ends a line.
    """

    lines: Int32[np.ndarray, "n length"]

    def compare(self, reference: "TextStatistics") -> dict[str, float]:
        """Return the metrics of this set: TEXT_METRICS of the report, without the likelihood."""
        own, count = self._choose(2 * LINES), min(LINES, len(self.lines) // 2)
        return {
            "bleu": mean_bleu(own[:count], reference._choose(count)),
            "self_bleu": mean_bleu(own[:count], own[-count:]),
            "distinct_1": distinct_ngrams(_to_lists(self.lines), 1),
            "distinct_2": distinct_ngrams(_to_lists(self.lines), 2),
            "duplicates": duplicate_share(_to_lists(self.lines), _to_lists(reference.lines)),
        }

    def _choose(self, count: int) -> list[list[int]]:
        """Return some lines, the same for sets of equal size: those of a file may be in an order."""
        return _to_lists(self.lines[permutation(0, "evaluation/lines", 0, len(self.lines))[:count]])


def measure_lines(lines: Int32[np.ndarray, "n length"]) -> TextStatistics:
    """Return the statistics of some lines."""
    return TextStatistics(lines)


def merge_lines(parts: Iterable[TextStatistics]) -> TextStatistics:
    """Return the statistics of the union of disjoint sets."""
    return TextStatistics(np.concatenate([part.lines for part in parts]))


def describe_lines(shape: tuple[int, ...]) -> dict[str, str]:
    """Return how lines are measured."""
    return {"bleu": f"sacrebleu, 4-grams, of {LINES} lines, or half of n, against as many"}


def _to_lists(lines: Int32[np.ndarray, "n length"]) -> list[list[int]]:
    lengths = np.where((lines == 0).any(1), (lines == 0).argmax(1), lines.shape[1])
    return [row[:length].tolist() for row, length in zip(lines, lengths, strict=True)]
