"""A generator whose samples depend on rows of held_out is evaluated beside their targets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from ganops.config import PICTURE_METRICS
from ganops.data.encodings import decode
from ganops.data.store import Store
from ganops.evaluation.evaluator import make_evaluator
from ganops.evaluation.paired import Pairing
from ganops.evaluation.report import Estimate, PairedProtocol, Report
from ganops.extractors.classifier import Classifier
from ganops.games.game import Domains, Game, Read
from ganops.games.request import GenerationRequest
from ganops.noise import Noise
from ganops.sampling import Samples

from .. import parameters as of_base

PARAMETERS = of_base.evaluation(seeds=(1, 3), nearest_neighbours=3, kid_subset_size=20, kid_subsets=5, threads=1, n=30)


def measure_l1(samples: Tensor, targets: Tensor, conditions: Mapping[str, Tensor]) -> float:
    assert len(conditions["mask"]) == len(samples)
    return (samples.float() - targets.float()).abs().mean().item()


def add_mask(conditions: Mapping[str, Tensor], noise: Noise) -> dict[str, Tensor]:
    return {**conditions, "mask": noise.uniform("mask")}


PAIRING = Pairing(
    conditions=("image",),
    target="image",
    metrics={"l1": measure_l1},
    baselines={"black": lambda conditions: torch.zeros_like(decode("image", conditions["image"]))},
    complete=add_mask,
    description="masks drawn",
)


@dataclass
class Brighter:
    """Returns each condition, brighter by the seed of the request."""

    requests: list[GenerationRequest] = field(default_factory=list)

    def generate(self, request: GenerationRequest, conditions: Mapping[str, Tensor]) -> Samples:
        self.requests.append(request)
        pictures = decode("image", conditions["image"])
        assert len(pictures) == request.n
        return Samples(pictures + request.seed, None)


@pytest.fixture(scope="module")
def report(store: Store, classifier: Classifier) -> Report:
    generator = Brighter()
    made = make_evaluator(store, classifier, PARAMETERS).evaluate(generator, {64: Brighter()}, PAIRING)
    assert [request.seed for request in generator.requests] == [1, 3], "one request per seed"
    return made


def test_paired_metrics_are_means_over_seeds_of_samples_beside_their_own_targets(report: Report) -> None:
    assert report.metrics["l1"] == Estimate.of([1.0, 3.0])
    assert report.metrics["l1_black"].sd == 0.0 and report.metrics["l1_black"].mean > 20
    assert {"fid", "fid_black", "precision", "modes"} <= set(report.metrics)
    assert report.metrics["fid_black"].mean > report.metrics["fid"].mean
    assert "l1" not in report.held_out and set(report.curve) == {64}


def test_paired_metrics_carry_no_features_in_their_names(report: Report) -> None:
    assert isinstance(report.protocol, PairedProtocol)
    assert [report.protocol.qualify(name) for name in ("l1", "fid")] == ["l1", "fid_classifier"]
    assert "paired_metrics l1 l1_black, conditions masks drawn" in str(report.protocol)


def test_diversity_is_the_distance_of_the_samples_of_each_two_seeds(store: Store, classifier: Classifier) -> None:
    """Seeds 1, 3 and 7 differ by 2, 4 and 6 levels; of one seed, the next one is drawn too."""
    pairing = replace(PAIRING, diversity={"pairwise": measure_l1})
    for seeds, expected in (((1, 3, 7), [2.0, 6.0, 4.0]), ((5,), [1.0])):
        evaluator = make_evaluator(store, classifier, PARAMETERS.model_copy(update={"seeds": seeds}))
        report = evaluator.evaluate(Brighter(), pairing=pairing)
        assert report.metrics["pairwise"] == Estimate.of(expected)
        assert report.protocol.qualify("pairwise") == "pairwise" and "l1_black" in report.metrics


def test_paired_report_comes_back_from_its_json(report: Report) -> None:
    again = Report.from_json(report.to_json())
    assert again.protocol == report.protocol and again.metrics == report.metrics


def test_conditions_are_model_values_of_their_rows(store: Store) -> None:
    rows = store.indices("held_out")[:3]
    conditions = PAIRING.read_conditions(store, rows)
    assert torch.equal(decode("image", conditions["image"]), torch.from_numpy(store.read("image", rows)))
    again = PAIRING.read_conditions(store, rows)
    assert torch.equal(conditions["mask"], again["mask"]), "what is drawn is the same for every generator"


class Completion(Game):
    """A game that reads a picture and a label, and declares a paired metric."""

    generates = "image"
    conditions = ("image", "label")

    @property
    def paired_metrics(self) -> dict[str, Any]:
        return {"l1": measure_l1}

    def reads(self) -> tuple[Read, ...]:
        return (Read("image", "image"),)

    def losses(self, *arguments: Any) -> Any:
        raise NotImplementedError

    def draw_inputs(self, *arguments: Any) -> Any:
        raise NotImplementedError

    def sample(self, *arguments: Any) -> Any:
        raise NotImplementedError


class Labelled(Completion):
    """The same with the label alone."""

    conditions = ("label",)


def test_pairing_of_a_game_has_its_conditions_without_the_label() -> None:
    pairing = Pairing.of(Completion())
    assert pairing is not None and (pairing.conditions, pairing.target) == (("image",), "image")
    assert set(pairing.metrics) == {"l1", *PICTURE_METRICS} and pairing.metrics["l1"] is measure_l1
    assert Pairing.of(Labelled()) is None


def keep(conditions: Mapping[str, Tensor], noise: Noise) -> dict[str, Tensor]:
    return dict(conditions)


UNPAIRED = replace(PAIRING, conditions=("input",), metrics={}, baselines={}, complete=keep)


def test_an_unpaired_translation_is_measured_against_its_target_class(store: Store, classifier: Classifier) -> None:
    """Copies of the target's own pictures have the floor's distance; those of the source have not."""
    domains = Domains(source=0, target=1)
    pairing = replace(UNPAIRED, fields={"input": "image"}, domains=domains)

    class FromRows:
        def generate(self, request: GenerationRequest, conditions: Mapping[str, Tensor]) -> Samples:
            self.inputs = decode("image", conditions["input"])
            return Samples(self.inputs, None)

    generator = FromRows()
    parameters = PARAMETERS.model_copy(update={"n": 10})
    evaluator = make_evaluator(store, classifier, parameters, domains=domains)
    report = evaluator.evaluate(generator, pairing=pairing)
    assert evaluator.protocol.reference_n == int((store.read("label", store.indices("train")) == 1).sum())
    sources = store.read("image", store.indices("held_out", 0))
    assert all(any((one.numpy() == source).all() for source in sources) for one in generator.inputs)
    assert report.metrics["fid"].mean > 3 * report.held_out["fid"].mean
    assert not {"class_accuracy", "modes", "reverse_kl", "l1"} & report.metrics.keys()
    assert report.protocol.store == store.digest()
