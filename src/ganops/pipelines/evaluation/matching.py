"""What the evaluation reads must belong together: a file of an earlier run would give numbers of nothing at hand."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ganops.errors import BundleError, MetricError

if TYPE_CHECKING:
    import pandas as pd

    from ganops.bundle import Bundle
    from ganops.data.store import Store


def require_same_store(bundle: "Bundle", store: "Store") -> None:
    """Raise BundleError where the bundle was trained on another store."""
    if bundle.store_sha256 != store.digest():
        raise BundleError(
            str(bundle.path),
            expected=f"a generator of the data in {store.path}, of sha256 {store.digest():.12}",
            received=f"one that was trained on data of sha256 {bundle.store_sha256:.12}",
            remedy="Train on these data, with the same --env and --params: `kedro run --from-nodes make_judge,train`. "
            "Or prepare the data again as they were.",
        )


def require_same_evaluation(metric_curve: "pd.DataFrame", report: Mapping[str, Any]) -> None:
    """Raise MetricError where the report is of another evaluation than the curve."""
    from ganops.metrics.report import table_digest

    found = table_digest(metric_curve)
    if report.get("metric_curve_sha256") != found:
        raise MetricError(
            "the report",
            expected=f"that of the metric's curve of sha256 {found:.12}",
            received=f"that of {report.get('metric_curve_sha256', 'none')!s:.12}",
            remedy="Evaluate again, with the same --env and --params: `kedro run --from-nodes evaluate`.",
        )
