"""The model card agrees with bundle and report, and its commands work."""

import json
import re
import shlex
from dataclasses import replace

import pytest

from ganops.bundle import Bundle
from ganops.evaluation.report import Report
from ganops.evaluation_config import RegistrationParameters
from ganops.games.request import LatentRequest
from ganops.registry.gate import check_model, check_report
from ganops.registry.registration_record import make_card

from ..reports import CURVE
from .conftest import with_metrics

GATE = RegistrationParameters(compare_by="fid", limits={"class_accuracy": {"minimum": 0.99}})


def card_of(bundle: Bundle, report: Report) -> str:
    checks = (*check_model(True, []), *check_report(report, GATE, bundle.settings.sample.classes))
    return make_card("ganops-x", bundle, report, CURVE, checks, GATE)


def test_metrics_stand_beside_their_floor(bundle: Bundle, report: Report) -> None:
    card = card_of(bundle, with_metrics(report, precision=0.5))
    assert "| fid_classifier | 2 ± 0.1 | 1 |" in card
    assert "| precision_classifier | 0.5 | – |" in card
    assert "seeds 1 2" in card
    assert "| trained on | 96 images seen, batch 4" in card
    assert "Twice the images would change fid_classifier from 4.1 to about " in card
    assert "failed (0.95): class_accuracy_classifier has the minimum 0.99" in card


def test_void_metrics_are_marked(bundle: Bundle, report: Report) -> None:
    card = card_of(bundle, replace(report, trained_features=("classifier",)))
    assert "| fid_classifier | 2 ± 0.1 (void) | 1 |" in card
    assert "Void: metrics by classifier, since the discriminator was trained by these features. Compare" in card


@pytest.mark.parametrize("passes", [True, False])
def test_card_has_the_result_of_the_gate_and_commands_for_these_weights(
    bundle: Bundle, report: Report, passes: bool
) -> None:
    card = card_of(bundle, with_metrics(report, class_accuracy=0.995 if passes else 0.5))
    assert ("It passed the gate" in card, "It failed the gate" in card) == (passes, not passes)
    assert re.findall(r"models:/ganops-x\S*", card) == ["models:/ganops-x/$VERSION"] * 2 + [
        "models:/ganops-x/{VERSION}\").predict([{'n':"
    ]
    program = next(shlex.split(line)[2] for line in card.splitlines() if line.startswith("python -c "))
    assert f"\"name = 'ganops-x' AND tag.weights_sha256 = '{bundle.digest}'\"" in program
    compile(program, "card", "exec")


@pytest.mark.parametrize("conditional", [True, False])
def test_the_request_in_the_card_is_valid(bundle: Bundle, report: Report, conditional: bool) -> None:
    if not conditional:
        bundle = replace(bundle, generator=replace(bundle.generator, class_frequencies=()))
    card = card_of(bundle, report)
    body = re.search(r"-d '(\{.*\})'", card)
    assert body is not None
    request = LatentRequest.model_validate(json.loads(body[1])["inputs"][0])
    assert request.class_label == (1 if conditional else None)
    assert ("--class 1" in card, "no, 1 = yes" in card) == (conditional, conditional)
    assert bundle.digest in card
    assert "8 × 8 pixels with 1 channel" in card


def test_card_of_points_has_no_word_for_pictures(point_bundle: Bundle, report: Report) -> None:
    card = card_of(point_bundle, report)
    assert "It generates points of 3 coordinates, of the requested class: 0 = no, 1 = yes." in card
    assert "the points of each request as lists of 3 numbers" in card and "--to points" in card
    assert not re.search(r"picture|pixel|PNG", card)


def test_card_explains_the_floor_of_reverse_kl(bundle: Bundle, report: Report) -> None:
    assert "(K − 1) / 2n" not in card_of(bundle, report)
    assert "floor of `reverse_kl` is no goal for a generator" in card_of(bundle, with_metrics(report, reverse_kl=0.02))
