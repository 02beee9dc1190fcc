"""Kedro's settings of the project. Free of torch and mlflow: Kedro imports this at the start of every command."""

import os
import warnings

# Kedro, MLflow and DVC each ask one of these before they send usage data; who wants to send it sets them empty.
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("KEDRO_DISABLE_TELEMETRY", "1")

# About a class of kedro-mlflow, at the import of its commands; nobody here can act on it.
warnings.filterwarnings("ignore", message=r".*Add type hints to the `predict` method", category=UserWarning)

from omegaconf.resolvers import oc

from ganops.hooks import RunHooks
from ganops.tracking.location import artifact_root, root, tracking_uri
from ganops.tracking.status import TrackedSession

HOOKS = (RunHooks(),)
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)
SESSION_CLASS = TrackedSession
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # An environment names the keys that differ; without this it would replace whole groups, silently.
    "merge_strategy": {"parameters": "soft"},
    "custom_resolvers": {
        "root": lambda: str(root()),
        "tracking_uri": tracking_uri,
        "artifact_root": lambda: str(artifact_root()),
        "oc.env": oc.env,
    },
}
