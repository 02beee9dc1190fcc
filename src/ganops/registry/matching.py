"""Check that a report belongs to the bundle to be registered."""

from ganops.bundle import Bundle
from ganops.errors import RegistryError
from ganops.evaluation.report import GeneratorIdentity, Report


def check_report_of_bundle(report: Report, bundle: Bundle) -> None:
    """Raise RegistryError where the report describes another generator."""
    expected = GeneratorIdentity(bundle.fingerprint, bundle.digest)
    if report.bundle != expected:
        raise RegistryError(
            "the report",
            expected=f"the report of this bundle, {_describe(expected)}",
            received=f"one of {_describe(report.bundle) if report.bundle else 'no bundle'}",
            remedy="Evaluate the bundle, with the same --env and --params: `kedro run --from-nodes evaluate`.",
        )


def _describe(identity: GeneratorIdentity) -> str:
    return f"weights {identity.weights_sha256:.12} of training {identity.fingerprint:.12}"
