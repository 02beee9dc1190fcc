"""BLEU of lines against many references, the share of distinct n-grams, and copies. Lines are numbers of tokens."""

from collections.abc import Sequence

Line = Sequence[int]


def mean_bleu(lines: Sequence[Line], references: Sequence[Line]) -> float:
    """Return the mean over lines of sacrebleu's BLEU of a sentence, each against all references, from 0 to 1.

    Up to 4-grams, fewer for shorter lines, with exponential smoothing. The n-grams of the references are counted once.
    """
    from sacrebleu.metrics import BLEU  # pyright: ignore[reportMissingImports]

    # Lines are split into tokens already.
    streams = [[_to_text(reference)] for reference in references]
    bleu = BLEU(tokenize="none", effective_order=True, references=streams)
    return sum(bleu.corpus_score([_to_text(line)], None).score for line in lines) / (100 * len(lines))


def distinct_ngrams(lines: Sequence[Line], order: int) -> float:
    """Return the number of different n-grams, as a share of all (Li et al. 2016, "distinct-n"); 0 without any."""
    ngrams = [tuple(line[at : at + order]) for line in lines for at in range(len(line) - order + 1)]
    return len(set(ngrams)) / len(ngrams) if ngrams else 0.0


def duplicate_share(lines: Sequence[Line], known: Sequence[Line]) -> float:
    """Return the share of lines that are among the known ones."""
    known_lines = set(map(tuple, known))
    return sum(tuple(line) in known_lines for line in lines) / len(lines)


def _to_text(line: Line) -> str:
    return " ".join(map(str, line))
