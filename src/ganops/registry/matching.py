"""Checks that a report belongs to the bundle that is registered by it."""

from collections.abc import Mapping
from typing import Any

from ganops.bundle import Bundle
from ganops.errors import RegistryError


def require_report_of_bundle(report: Mapping[str, Any], bundle: Bundle) -> None:
    """Raise RegistryError where the report is of another generator, by which the gate would judge the bundle."""
    named = report.get("bundle", {})
    wanted = {"fingerprint": bundle.fingerprint, "weights_sha256": bundle.digest}
    if named != wanted:
        raise RegistryError(
            "the report",
            expected=f"the report of this bundle, {_show(wanted)}",
            received=f"one of {_show(named) if named else 'no bundle'}",
            remedy="Evaluate the bundle, with the same --env and --params: `kedro run --from-nodes evaluate`.",
        )


def _show(identity: Mapping[str, Any]) -> str:
    return f"weights {identity.get('weights_sha256')!s:.12} of training {identity.get('fingerprint')!s:.12}"
