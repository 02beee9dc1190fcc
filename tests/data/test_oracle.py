"""The oracle's probabilities: they sum to 1, its lines have them, and a library's network gives the same."""

import itertools
import math

import pytest
import torch

from ganops.data.oracle import LENGTH, VOCABULARY, Oracle
from ganops.data.sources.oracle import oracle
from ganops.noise import Noise

TOKENS, LINES = 3, 4
SMALL = Oracle.draw(seed=5, vocabulary=TOKENS, width=2)
ALL_LINES = torch.tensor(list(itertools.product(range(TOKENS), repeat=LINES)))


def draw(law: Oracle, n: int, length: int = LINES) -> torch.Tensor:
    return law.sample(Noise(1, 0, n).uniform("test", (length,)))


def test_the_probabilities_of_all_lines_sum_to_1() -> None:
    assert float(SMALL.score(ALL_LINES).sum(1).exp().sum()) == pytest.approx(1, abs=1e-12)


def test_lines_are_drawn_with_their_probabilities() -> None:
    n, expected = 50_000, SMALL.score(ALL_LINES).sum(1).exp()
    counts = (draw(SMALL, n)[:, None] == ALL_LINES[None]).all(2).sum(0)
    assert int(counts.sum()) == n
    errors = (counts / n - expected).abs() / (expected * (1 - expected) / n).sqrt()
    assert float(errors[n * expected > 10].max()) < 4.5


def test_its_own_lines_have_the_likelihood_of_its_entropy() -> None:
    log_probabilities = SMALL.score(ALL_LINES).sum(1)
    entropy = -float((log_probabilities.exp() * log_probabilities).sum())
    values = -SMALL.score(draw(SMALL, 20_000)).sum(1)
    assert float(values.mean()) == pytest.approx(entropy, abs=4.5 * float(values.std()) / math.sqrt(len(values)))


def test_the_recurrence_is_that_of_torch() -> None:
    law = Oracle.draw(seed=2, vocabulary=11, width=6)
    lstm = torch.nn.LSTM(6, 6, batch_first=True, dtype=torch.float64)
    weights = {
        "weight_ih_l0": law.recurrence[:, :6],
        "weight_hh_l0": law.recurrence[:, 6:],
        "bias_ih_l0": law.recurrence_bias,
        "bias_hh_l0": torch.zeros(24),
    }
    lstm.load_state_dict(weights)
    lines = draw(law, 5, 7)
    inputs = torch.nn.functional.pad(lines[:, :-1], (1, 0))
    with torch.no_grad():
        logits = lstm(law.embedding[inputs])[0] @ law.output.T + law.output_bias
    expected = logits.log_softmax(2).gather(2, lines[:, :, None])[:, :, 0]
    torch.testing.assert_close(law.score(lines), expected)


def test_weights_are_standard_normal_and_follow_from_the_seed() -> None:
    law, other = Oracle.draw(), Oracle.draw(seed=1)
    assert (law.embedding.shape, law.recurrence.shape, law.output.shape) == ((5000, 32), (128, 64), (5000, 32))
    for name, values in vars(law).items():
        assert float(values.mean()) == pytest.approx(0, abs=5 / math.sqrt(values.numel())), name
        assert float(values.std()) == pytest.approx(1, abs=4 / math.sqrt(values.numel())), name
        assert torch.equal(values, getattr(Oracle.draw(), name)) and not torch.equal(values, getattr(other, name))


def test_the_lines_of_the_source_are_likely_and_always_the_same() -> None:
    lines = [line.text for line in oracle().lines]
    tokens = torch.tensor([[int(word) for word in line.split()] for line in lines])
    assert tokens.shape == (10_000, LENGTH) and int(tokens.max()) < VOCABULARY
    assert lines[0].startswith("3250 2680 4602 388 2678 4842 1074 2294 1329 4658")
    assert -float(Oracle.draw().score(tokens[:500]).mean()) < math.log(VOCABULARY) - 1
