"""Check that the inputs of the evaluation belong together: a file of an earlier run would give wrong numbers."""

from typing import TYPE_CHECKING

from ganops.errors import BundleError

if TYPE_CHECKING:
    from ganops.bundle import Bundle
    from ganops.data.store import Store


def check_same_store(bundle: "Bundle", store: "Store") -> None:
    """Raise BundleError where the bundle was trained on another store."""
    if bundle.store_sha256 != store.digest():
        raise BundleError(
            str(bundle.path),
            expected=f"a generator trained on the data in {store.path} with the sha256 {store.digest():.12}",
            received=f"one trained on data with the sha256 {bundle.store_sha256:.12}",
            remedy="Train again, with the same --env and --params: `kedro run --from-nodes build_extractor,train`. "
            "Or prepare again the data that it was trained on.",
        )
