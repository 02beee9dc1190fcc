"""What every test runs under: checked annotations, one thread, no telemetry, no tracking store but its own."""

import os
import signal
from collections.abc import Iterator

from jaxtyping import install_import_hook

# Every tensor annotation of the package is checked while the tests run; so this stands before any import of ganops.
install_import_hook("ganops", "beartype.beartype")

os.environ.update(DO_NOT_TRACK="true", KEDRO_DISABLE_TELEMETRY="1", MPLBACKEND="agg", OMP_NUM_THREADS="1")
# Left by a stage or a session around the tests, or by MLflow after another test, these lead to another store.
LEADING_ELSEWHERE = ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "DVC_ROOT", "DVC_STAGE", "DVC_EXP_NAME", "KEDRO_ENV")
for name in LEADING_ELSEWHERE:
    os.environ.pop(name, None)

# A shell that starts the tests in the background lets them, and all that they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

import pytest  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _led_nowhere() -> Iterator[None]:
    """`mlflow.set_tracking_uri` sets the environment variable too, for good."""
    yield
    for name in LEADING_ELSEWHERE:
        os.environ.pop(name, None)
