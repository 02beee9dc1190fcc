"""The thin node of the registration pipeline."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from ganops.evaluation_config import RegistrationParameters

if TYPE_CHECKING:
    from ganops.bundle import Bundle
    from ganops.evaluation.report import Report
else:
    # Kedro must be able to resolve every annotation, or it passes the parameters as a plain dictionary.
    Bundle = Report = Any


def register(
    bundle: Bundle,
    report: Report,
    metric_curve: pd.DataFrame,
    parameters: RegistrationParameters,
    registered_model: str,
) -> tuple[dict[str, Any], str]:
    """Register the bundle; return the registration record and the model card."""
    from ganops.pipelines.registration.read_origin import read_origin, registration_lock
    from ganops.registry.matching import check_report_of_bundle
    from ganops.registry.mlflow_registry import register_bundle
    from ganops.registry.registration_record import make_card, make_registration_record

    check_report_of_bundle(report, bundle)
    report.require_curve(metric_curve)
    origin, lock = read_origin(bundle.path, bundle.fingerprint), registration_lock(registered_model)
    checks = register_bundle(registered_model, bundle, report, parameters, origin, lock).checks
    record = make_registration_record(registered_model, bundle, report, checks)
    return record, make_card(registered_model, bundle, report, metric_curve, checks, parameters)
