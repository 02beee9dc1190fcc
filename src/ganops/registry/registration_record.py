"""What registration leaves in the repository: nothing that depends on the registry, the clock or the commit."""

from typing import Any

from ganops.bundle import Bundle
from ganops.config import RegistrationParameters
from ganops.registry.gate import Check, Report
from ganops.reporting.model_card import CardFacts, make_model_card


def make_registration_record(name: str, bundle: Bundle, report: Report, verdicts: tuple[Check, ...]) -> dict[str, Any]:
    """Model name, weights' hash, protocol, and the verdicts that need no registry (JSON)."""
    return {
        "model": name,
        "weights_sha256": bundle.digest,
        "protocol": dict(report["protocol"]),
        "verdicts": [
            {"question": verdict.question, "holds": verdict.holds, "found": verdict.found} for verdict in verdicts
        ],
    }


def make_card(
    name: str, bundle: Bundle, report: Report, verdicts: tuple[Check, ...], parameters: RegistrationParameters
) -> str:
    """The model card (Markdown)."""
    conditional = bool(bundle.generator.class_frequencies)
    facts = CardFacts(
        name=name,
        weights=bundle.digest,
        classes=bundle.classes if conditional else (),
        verdicts=tuple(map(str, verdicts)),
        passed=not any(verdict.holds is False for verdict in verdicts),
        largest_request=parameters.largest_request,
    )
    return make_model_card(facts, bundle.settings, report)
