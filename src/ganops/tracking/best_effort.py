"""Calls to MLflow that may fail: another run may lock the store, or create the same entry at the same time."""

import logging
import time
from collections.abc import Callable
from typing import Any

from ganops.tracking.masking import mask_secrets

logger = logging.getLogger(__name__)
_TRIALS, _PAUSE_SECONDS = 3, 0.2


def best_effort(warning: str, action: Callable[[], Any]) -> bool:
    """Try an action up to three times, then log a warning: the record of a run never ends it.

    Args:
        warning: the message where all trials fail; the error follows it.
        action: what to try; any exception counts as a failure.

    Returns:
        Whether a trial succeeded.
    """
    for trial in range(1, _TRIALS + 1):
        try:
            action()
            return True
        except Exception as error:
            if trial == _TRIALS:
                logger.warning("%s: %s", warning, mask_secrets(str(error)))
            else:
                time.sleep(_PAUSE_SECONDS * trial)
    return False
