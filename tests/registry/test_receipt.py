"""The card tells the truth of the bundle and the report at hand, and its commands fit them."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from ganops.bundle import Bundle
from ganops.config import RegistrationParameters
from ganops.registry.gate import judge
from ganops.registry.receipt import make_card
from ganops.sampling import GenerationRequest

GATE = RegistrationParameters(compare_by="fid_classifier", limits={"agreement_classifier": {"minimum": 0.99}})


def card_of(bundle: Bundle, report: dict[str, Any]) -> str:
    return make_card("ganops-x", bundle, report, judge(report, GATE, finite=True, loads_back=True), GATE)


def test_metrics_stand_beside_their_floor(bundle: Bundle, report: dict[str, Any]) -> None:
    report["metrics"]["generator"]["precision_classifier"] = {"mean": 0.5}
    card = card_of(bundle, report)
    assert "| fid_classifier | 2 ± 0.1 | 1 |" in card
    assert "| precision_classifier | 0.5 | – |" in card
    assert "seeds 1 2" in card
    assert "fails (0.95): agreement_classifier has the minimum 0.99" in card


@pytest.mark.parametrize("conditional", [True, False])
def test_the_request_in_the_card_is_a_good_one(bundle: Bundle, report: dict[str, Any], conditional: bool) -> None:
    if not conditional:
        bundle = replace(bundle, generator=replace(bundle.generator, class_frequencies=()))
    card = card_of(bundle, report)
    body = re.search(r"-d '(\{.*\})'", card)
    assert body is not None
    request = GenerationRequest.model_validate(json.loads(body[1])["inputs"][0])
    assert request.class_label == (1 if conditional else None)
    assert ("--class 1" in card, "no, 1 = yes" in card) == (conditional, conditional)
    assert bundle.digest in card
    assert "8 × 8 pixels with 1 channel" in card
