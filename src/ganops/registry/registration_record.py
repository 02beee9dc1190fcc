"""The outputs of registration in the repository: nothing in them depends on the registry, the clock or the commit."""

from dataclasses import asdict
from typing import Any

import pandas as pd

from ganops.bundle import Bundle
from ganops.evaluation.paired import Pairing
from ganops.evaluation.report import Report
from ganops.evaluation_config import RegistrationParameters
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
    name: str,
    bundle: Bundle,
    report: Report,
    curve: pd.DataFrame,
    checks: tuple[Check, ...],
    parameters: RegistrationParameters,
) -> str:
    """Return the model card (Markdown)."""
    conditional = bool(bundle.generator.class_frequencies)
    example, options = _describe_request(bundle, min(4, parameters.largest_request), conditional)
    facts = CardFacts(
        name=name,
        weights=bundle.digest,
        classes=bundle.classes if conditional else (),
        checks=tuple(map(str, checks)),
        passed=not any(check.passed is False for check in checks),
        largest_request=parameters.largest_request,
        example=example,
        options=options,
    )
    return make_model_card(facts, bundle.settings, report, curve)


def _describe_request(bundle: Bundle, n: int, conditional: bool) -> tuple[dict[str, Any], str]:
    """Return a request as JSON values and as options of `kedro generate`."""
    pairing = Pairing.of(bundle.game)
    if pairing is not None:
        values = {name: f"<{name}: PNG in base64>" for name in pairing.conditions}
        return values, " ".join(f"--{name} {name.upper()}.png" for name in pairing.conditions)
    label = len(bundle.classes) - 1
    example, options = {"n": n, "seed": 7}, "--n 64 --seed 7"
    return ({**example, "class_label": label}, f"{options} --class {label}") if conditional else (example, options)
