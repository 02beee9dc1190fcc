"""The pretrained weights that a discriminator reads pictures by, and that training leaves as they are."""

from torch import Tensor

from ganops.extractors.weights import EFFICIENTNET_LITE0, read_packaged_weights
from ganops.training_settings import Settings


def load_frozen_weights(settings: Settings) -> dict[str, Tensor] | None:
    """Read the weights that settings.networks.frozen_weights names; None where it names none.

    Raises:
        MetricError: the package or its file is missing, or has another sha256.
    """
    sha256 = settings.networks.frozen_weights
    if sha256 is None:
        return None
    assert sha256 == EFFICIENTNET_LITE0.sha256, sha256
    return read_packaged_weights(EFFICIENTNET_LITE0, "choose another training.recipe")
