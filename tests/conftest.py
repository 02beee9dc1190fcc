"""What every test runs under: checked annotations, one thread, no telemetry, no tracking store but its own."""

import os

from jaxtyping import install_import_hook

# Every tensor annotation of the package is checked while the tests run; so this stands before any import of ganops.
install_import_hook("ganops", "beartype.beartype")

os.environ.update(DO_NOT_TRACK="true", KEDRO_DISABLE_TELEMETRY="1", MPLBACKEND="agg", OMP_NUM_THREADS="1")
# Left by a stage or a session around the tests, these would lead to somebody's real store.
for name in ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "DVC_ROOT", "DVC_STAGE", "DVC_EXP_NAME", "KEDRO_ENV"):
    os.environ.pop(name, None)

import torch  # noqa: E402

torch.set_num_threads(1)
