"""The thin node of the registration pipeline."""

from typing import TYPE_CHECKING, Any

from ganops.config import RegistrationParameters

if TYPE_CHECKING:
    from ganops.bundle import Bundle
else:
    # Kedro must be able to resolve every annotation, or it hands over the parameters as a plain dictionary.
    Bundle = Any


def register(
    bundle: Bundle, report: dict[str, Any], parameters: RegistrationParameters, registered_model: str
) -> tuple[dict[str, Any], str]:
    """Register the bundle, and give the receipt and the model card."""
    from ganops.pipelines.registration.origin import read_origin, registration_lock
    from ganops.registry.matching import require_report_of_bundle
    from ganops.registry.mlflow_registry import register_bundle
    from ganops.registry.registration_record import make_card, make_registration_record

    require_report_of_bundle(report, bundle)
    origin, lock = read_origin(bundle.path, bundle.fingerprint), registration_lock(registered_model)
    done = register_bundle(registered_model, bundle, report, parameters, origin, lock)
    receipt = make_registration_record(registered_model, bundle, report, done.verdicts)
    return receipt, make_card(registered_model, bundle, report, done.verdicts, parameters)
