"""The features of text: sums of n-grams, whose distances are nearly those of the counts."""

import importlib.util

import pytest
import torch

from ganops.errors import MetricError
from ganops.extractors.base import extract
from ganops.extractors.build import restore
from ganops.extractors.ngrams import Ngrams, check_sacrebleu, embed_ngrams
from ganops.noise import Noise


def test_a_line_is_the_sum_of_its_ngrams() -> None:
    """By features of shorter lines: a word and the end; two words."""
    one, two, both = (embed_ngrams(torch.tensor([line]))[0] for line in ([5, 0, 0], [5, 6, 0], [5, 6, 5]))
    assert not torch.allclose(one, two)
    again = embed_ngrams(torch.tensor([[5, 0, 0, 0, 0]]))[0]
    torch.testing.assert_close(one, again)  # what fills up a line has no features
    assert not torch.allclose(both, embed_ngrams(torch.tensor([[6, 5, 5]]))[0])  # the order counts


def test_tokens_after_the_end_have_no_part_beyond_its_ngrams() -> None:
    short, long = torch.tensor([[5, 6, 0, 0]]), torch.tensor([[5, 6, 0, 0, 0, 0, 0, 0]])
    torch.testing.assert_close(embed_ngrams(short), embed_ngrams(long))


def test_distances_are_nearly_those_of_the_counts() -> None:
    """Lines without a common n-gram: the squared distance is the number of their n-grams."""
    lines = Noise(0, 0, 200).integers("lines", 10**6, (12,)) + 1
    features = embed_ngrams(lines).double()
    squared = (features[:100] - features[100:]).square().sum(1)
    # Of each line 12 words, 12 pairs and 12 triples, the last ones with the end.
    assert abs(float(squared.mean()) / 72 - 1) < 0.05


def test_it_is_saved_and_restored() -> None:
    extractor = restore(Ngrams().files())
    assert isinstance(extractor, Ngrams) and extractor.digest == Ngrams().digest
    lines = torch.tensor([[1, 2, 0], [2, 0, 0]], dtype=torch.int32)
    features = extract(extractor, lines)
    assert features.probabilities is None and features.values.shape == (2, extractor.dimension)
    assert (features.values == embed_ngrams(lines).numpy()).all()


def test_without_the_extra_the_remedy_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    check_sacrebleu()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MetricError, match=r"pip install 'ganops\[text\]'"):
        check_sacrebleu()
