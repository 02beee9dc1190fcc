"""Generated lines are measured by the law of the data: its own are likely, others are not."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from ganops.data.oracle import LENGTH, VOCABULARY, Oracle
from ganops.data.preparation import prepare
from ganops.data.sources.source import TextLine, TextLines
from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.evaluation.evaluator import make_evaluator
from ganops.evaluation.oracle import ORACLE_NLL, OracleLikelihood
from ganops.evaluation.temperatures import Sweep, measure_temperatures
from ganops.extractors.ngrams import Ngrams
from ganops.noise import Noise

from ..parameters import data_preparation, evaluation
from ..texts import make_bundle, write_store

PARAMETERS = evaluation(features="ngrams", oracle=True, kid_subsets=2, seeds=[1], threads=1, temperatures=[1.0])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    rows = Oracle.draw().sample(Noise(3, 0, 200).uniform("test", (LENGTH,))).tolist()
    text = TextLines(tuple(TextLine(f"oracle:{at}", " ".join(map(str, row))) for at, row in enumerate(rows)))
    prepare(text, data_preparation(source="oracle", tokens="words"))[0].write(tmp_path / "store")
    return Store.open(tmp_path / "store")


def measure(store: Store, lines: np.ndarray) -> float:
    likelihood = OracleLikelihood.of(store, PARAMETERS)
    assert likelihood is not None
    return likelihood.measure(torch.from_numpy(lines))[ORACLE_NLL]


def test_numbers_of_the_vocabulary_are_scored_as_the_tokens_that_they_stand_for(store: Store) -> None:
    lines = store.read("tokens", np.arange(200))
    assert store.vocabulary is not None
    tokens = torch.tensor([[int(word) for word in store.vocabulary.decode(line).split()] for line in lines.tolist()])
    assert measure(store, lines) == pytest.approx(-float(Oracle.draw().score(tokens).mean()))


def test_shuffled_lines_are_unlikelier(store: Store) -> None:
    lines = store.read("tokens", np.arange(200))
    assert measure(store, np.random.default_rng(0).permuted(lines, axis=1)) > measure(store, lines) + 1


def test_a_missing_token_counts_as_one_drawn_at_random(store: Store) -> None:
    lines = store.read("tokens", np.arange(2))
    likelihood = OracleLikelihood.of(store, PARAMETERS)
    assert likelihood is not None
    scores = likelihood.oracle.score(likelihood.tokens[torch.from_numpy(lines).long()])
    lines[:, 5:] = 0
    expected = (-float(scores[:, :5].mean()) * 5 + math.log(VOCABULARY) * (LENGTH - 5)) / LENGTH
    assert measure(store, lines) == pytest.approx(expected)
    assert measure(store, np.zeros((3, LENGTH), dtype=np.int32)) == pytest.approx(math.log(VOCABULARY))


def test_the_report_and_the_temperatures_have_it_with_its_floor(store: Store, tmp_path: Path) -> None:
    pytest.importorskip("sacrebleu", reason="the extra text is not installed")
    bundle, extractor = make_bundle(store, tmp_path / "bundle"), Ngrams()
    report = make_evaluator(store, extractor, PARAMETERS).evaluate(bundle)
    held_out = measure(store, store.read("tokens", store.indices("held_out")))
    assert report.held_out[ORACLE_NLL].mean == held_out < report.metrics[ORACLE_NLL].mean - 1
    assert report.protocol.qualify(ORACLE_NLL) == ORACLE_NLL and "a token" in report.protocol.to_json()["oracle"]
    sweep = Sweep.of(store, PARAMETERS)
    assert sweep is not None
    table = measure_temperatures(bundle, store, extractor, 1, sweep)
    assert list(table[ORACLE_NLL]) == [report.metrics[ORACLE_NLL].mean, held_out]


def test_other_data_have_no_oracle(tmp_path: Path) -> None:
    with pytest.raises(MetricError, match=r"evaluation\.oracle: expected false"):
        make_evaluator(write_store(tmp_path / "store"), Ngrams(), PARAMETERS)
