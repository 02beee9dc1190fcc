"""The outputs of registration in the repository: nothing in them depends on the registry, the clock or the commit."""

from dataclasses import asdict
from typing import Any

from ganops.bundle import Bundle
from ganops.config import RegistrationParameters
from ganops.evaluation.report import Report
from ganops.registry.gate import Check
from ganops.reporting.model_card import CardFacts, make_model_card


def make_registration_record(name: str, bundle: Bundle, report: Report, checks: tuple[Check, ...]) -> dict[str, Any]:
    """Return model name, sha256 of the weights, protocol and checks of the gate, as JSON values."""
    return {
        "model": name,
        "weights_sha256": bundle.digest,
        "protocol": report.protocol.to_json(),
        "checks": [asdict(check) for check in checks],
    }


def make_card(
    name: str, bundle: Bundle, report: Report, checks: tuple[Check, ...], parameters: RegistrationParameters
) -> str:
    """Return the model card (Markdown)."""
    conditional = bool(bundle.generator.class_frequencies)
    facts = CardFacts(
        name=name,
        weights=bundle.digest,
        classes=bundle.classes if conditional else (),
        checks=tuple(map(str, checks)),
        passed=not any(check.passed is False for check in checks),
        largest_request=parameters.largest_request,
    )
    return make_model_card(facts, bundle.settings, report)
