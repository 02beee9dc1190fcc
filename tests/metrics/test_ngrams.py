"""BLEU against sacrebleu sentence by sentence; shares of distinct n-grams and of copies against values by hand."""

import numpy as np
import pytest

from ganops.evaluation.texts import TextStatistics, merge_lines
from ganops.metrics.ngrams import distinct_ngrams, duplicate_share, mean_bleu

pytest.importorskip("sacrebleu", reason="the extra text is not installed")

LINES = [[1, 2, 3, 4, 5], [1, 2, 9], [7], []]
REFERENCES = [[1, 2, 3, 8, 5, 6], [2, 9, 1], [4, 5]]


def test_bleu_is_that_of_sacrebleu() -> None:
    from sacrebleu.metrics import BLEU

    def text(line: list[int]) -> str:
        return " ".join(map(str, line))

    sentence = BLEU(tokenize="none", effective_order=True)
    expected = [sentence.sentence_score(text(line), [text(one) for one in REFERENCES]).score for line in LINES]
    assert mean_bleu(LINES, REFERENCES) == pytest.approx(np.mean(expected) / 100, rel=1e-12)
    assert len({round(value, 6) for value in expected[:2]}) == 2


def test_bleu_of_copies_is_one_and_of_other_tokens_nearly_none() -> None:
    assert mean_bleu(LINES[:2], LINES[:2]) == pytest.approx(1)
    assert mean_bleu([[11, 12, 13, 14]], REFERENCES) < 1e-9


def test_distinct_ngrams_by_hand() -> None:
    lines = [[1, 2, 1, 2], [1, 2], [3], []]
    assert distinct_ngrams(lines, 1) == 3 / 7  # 1, 2, 3 of seven tokens
    assert distinct_ngrams(lines, 2) == 2 / 4  # 12, 21 of four pairs
    assert distinct_ngrams([[1], []], 2) == 0


def test_duplicates_by_hand() -> None:
    assert duplicate_share([[1, 2], [1], [2, 1], [1, 2]], [[1, 2], [3]]) == 0.5


def test_padding_is_no_token_and_parts_are_joined() -> None:
    lines = np.array([[1, 2, 0, 0], [3, 0, 0, 0], [1, 2, 3, 4], [5, 5, 5, 0]], dtype=np.int32)
    whole = TextStatistics(lines)
    joined = merge_lines([TextStatistics(lines[:1]), TextStatistics(lines[1:])])
    values = whole.compare(joined)
    assert values == joined.compare(whole)
    assert values["duplicates"] == 1
    assert values["distinct_1"] == 5 / 10 and values["distinct_2"] == 4 / 6
    assert list(values) == ["bleu", "self_bleu", "distinct_1", "distinct_2", "duplicates"]


def test_lines_are_compared_with_others_not_with_themselves() -> None:
    """Six different lines without a common token: no part of one half is in the other."""
    different = TextStatistics(np.arange(1, 25, dtype=np.int32).reshape(6, 4))
    assert different.compare(different)["self_bleu"] < 1e-9
    equal = TextStatistics(np.ones((6, 4), dtype=np.int32))
    assert equal.compare(different)["self_bleu"] == pytest.approx(1)
