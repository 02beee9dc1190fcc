"""The report on a generator of text: its likelihood of held-out lines beside metrics of samples, and the floor."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from ganops.errors import ConfigurationError, MetricError
from ganops.evaluation.evaluator import make_evaluator
from ganops.evaluation.external_samples import evaluate_samples, read_samples
from ganops.evaluation.oracle import ORACLE_NLL
from ganops.evaluation.report import TEXT_METRICS, Report
from ganops.evaluation.temperatures import Sweep
from ganops.extractors.ngrams import Ngrams
from ganops.reporting import views
from ganops.reporting.views import ViewSource
from ganops.sampling import CHUNK

from ..parameters import evaluation
from ..texts import make_bundle, write_store

pytest.importorskip("sacrebleu", reason="the extra text is not installed")

PARAMETERS = evaluation(features="ngrams", kid_subsets=2, seeds=[1, 2], threads=1)


@pytest.fixture
def store(tmp_path: Path):
    return write_store(tmp_path / "store")


@pytest.fixture
def bundle(store, tmp_path: Path):
    return make_bundle(store, tmp_path / "bundle")


@pytest.fixture
def report(bundle, store) -> Report:
    return make_evaluator(store, Ngrams(), PARAMETERS).evaluate(bundle, {64: bundle.generator})


def test_a_report_has_the_likelihood_of_held_out_lines(report: Report, bundle, store) -> None:
    lines = torch.from_numpy(store.read("tokens", store.indices("held_out"))).long()
    game, networks = bundle.game, bundle.generator.networks
    expected = game.score(networks, {"tokens": lines})["nll"].mean()
    assert report.metrics["nll"].mean == pytest.approx(float(expected), rel=1e-5)
    assert report.curve[64]["nll"] == report.metrics["nll"].mean
    # The law of these lines is unknown.
    assert set(report.metrics) == {"fid", "kid", "precision", "recall", *TEXT_METRICS} - {ORACLE_NLL}
    assert set(report.held_out) == set(report.metrics) - {"nll"}
    report.require_curve(report.curve_table())


def test_metrics_of_text_need_no_features_and_distances_name_theirs(report: Report) -> None:
    assert [report.protocol.qualify(name) for name in TEXT_METRICS] == [*TEXT_METRICS]
    assert report.protocol.qualify("fid") == "fid_ngrams"
    assert "sacrebleu" in report.protocol.to_json()["bleu"]
    assert Report.from_json(report.to_json()).protocol == report.protocol


def test_scores_depend_neither_on_the_number_of_samples_nor_on_the_chunk(bundle, store) -> None:
    lines = torch.from_numpy(store.read("tokens", np.arange(CHUNK + 3)))
    each = [bundle.score(line[None])["nll"] for line in lines]
    assert bundle.score(lines)["nll"] == pytest.approx(np.mean(each), rel=1e-5)


def test_samples_of_another_program_are_measured_alike(store, tmp_path: Path) -> None:
    rows = store.read("tokens", store.indices("train"))
    text = "\n".join(store.vocabulary.decode(row.tolist()) for row in rows)
    (tmp_path / "samples.txt").write_text(text)
    samples = read_samples(tmp_path / "samples.txt", store, "tokens")
    assert (samples.values == rows).all()
    report = evaluate_samples(samples, store, Ngrams(), PARAMETERS)
    assert report.metrics["duplicates"].mean == 1, "a memoriser"
    assert report.held_out["duplicates"].mean == 0
    assert "nll" not in report.metrics


@pytest.mark.parametrize(
    ("line", "reason"), [("the axolotl", "axolotl"), ("the " * 9, "9 tokens"), ("the\x07", "control character")]
)
def test_samples_that_the_store_cannot_hold_are_named(line: str, reason: str, store, tmp_path: Path) -> None:
    (tmp_path / "samples.txt").write_text(f"the cat\n{line}\nthe dog")
    with pytest.raises(MetricError, match=rf"samples\.txt:2.*{reason}"):
        read_samples(tmp_path / "samples.txt", store, "tokens")


def test_an_empty_line_is_a_sample_without_tokens(store, tmp_path: Path) -> None:
    rows = store.read("tokens", store.indices("train"))
    rows[::7] = 0
    text = "".join(f" {store.vocabulary.decode(row.tolist())}\t\n" for row in rows)
    (tmp_path / "samples.txt").write_text(text)
    samples = read_samples(tmp_path / "samples.txt", store, "tokens")
    assert (samples.values == rows).all()
    report = evaluate_samples(samples, store, Ngrams(), PARAMETERS)
    assert report.metrics["bleu"].mean < 0.95 and 0.7 < report.metrics["duplicates"].mean < 0.95


def test_generated_and_held_out_lines_are_listed_and_drawn(bundle, store) -> None:
    source = ViewSource(bundle, store, Ngrams(), 1)
    drawn = views.draw_views("tokens", bundle.game.views, source)
    assert drawn["temperatures"]() == {}, "none are named"
    content = drawn["samples"]()
    text = content["md"]
    assert isinstance(text, str) and text.count("\n```\n") == 2
    generated, held_out = (part.split("\n") for part in text.split("```text\n")[1:])
    real = {store.vocabulary.decode(row) for row in store.read("tokens", store.indices("held_out")).tolist()}
    assert set(held_out[:20]) <= real and len(generated[:20]) == 20
    assert views.draw_first_view(bundle, store, Ngrams(), 1).size == (900, 2 * 16 + 20 * 43)


def test_temperatures_are_measured_as_the_report_is(bundle, store, report: Report) -> None:
    sweep = Sweep.of(store, evaluation(features="ngrams", temperatures=[1.0, 0.1], seeds=[2, 1]))
    assert sweep is not None and (sweep.n, sweep.seed) == (len(store.indices("held_out")), 2)
    source = ViewSource(bundle, store, Ngrams(), 1, sweep=replace(sweep, seed=1))
    content = views.draw_views("tokens", bundle.game.views, source)["temperatures"]()
    table, floor = content["csv"], {name: value.mean for name, value in report.held_out.items()}
    assert isinstance(table, pd.DataFrame) and list(table["subject"]) == ["generator", "generator", "held_out"]
    assert list(table["temperature"])[:2] == [0.1, 1.0]
    cold, plain, held_out = table.to_dict("records")
    assert held_out["fid_ngrams"] == pytest.approx(floor["fid"])
    assert all(held_out[name] == floor[name] for name in TEXT_METRICS if name in floor)
    assert plain["bleu"] == report.curve[64]["bleu"] and plain["fid_ngrams"] == pytest.approx(report.curve[64]["fid"])
    assert cold["self_bleu"] > plain["self_bleu"] and cold["distinct_2"] < plain["distinct_2"]
    assert isinstance(content["png"], Image.Image) and content["png"].size == (1000, 420)


def test_only_text_has_temperatures() -> None:
    with pytest.raises(ConfigurationError, match=r"evaluation\.temperatures: expected \[\], because classifier is for"):
        evaluation(temperatures=[0.5])


def test_lines_of_several_generators_are_drawn_below_their_names(bundle, store) -> None:
    row, words = views.sample_row(bundle, store), store.vocabulary
    one, two = (views.draw_side_by_side("tokens", dict.fromkeys(names, row), "", words) for names in ("a", "ab"))
    assert two.height - one.height == 21 * 20
    assert views.draw_fixed("tokens", row, 1, words).height == one.height
