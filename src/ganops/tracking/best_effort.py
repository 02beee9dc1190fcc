"""MLflow's store may be locked by another run, or two runs may make one entry at once: wait, ask again, and go on."""

import logging
import time
from collections.abc import Callable
from typing import Any

from ganops.tracking.masking import mask_secrets

_LOGGER = logging.getLogger(__name__)
_ATTEMPTS, _PAUSE_SECONDS = 3, 0.2


def best_effort(warning: str, action: Callable[[], Any]) -> bool:
    """Try three times, then warn: the record of a run is worth less than its results, and never ends it. Whether it
    was done."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            action()
            return True
        except Exception as error:
            if attempt == _ATTEMPTS:
                _LOGGER.warning("%s: %s", warning, mask_secrets(str(error)))
            else:
                time.sleep(_PAUSE_SECONDS * attempt)
    return False
