"""Kedro's settings of the project. Free of torch and mlflow: Kedro imports this at the start of every command."""

import gc
import io
import logging
import os
import sys

from omegaconf.resolvers import oc

from ganops.configuration.loader import ProjectConfigLoader
from ganops.hooks import RunHooks
from ganops.tracking.masking import mask_secrets
from ganops.tracking.status import TrackedSession
from ganops.tracking.tracking_store import artifact_root, find_root, tracking_uri

# Kedro and DVC read the first or the second, MLflow the third, before they send usage data. A value that is set stays.
for _name, _value in (("DO_NOT_TRACK", "1"), ("KEDRO_DISABLE_TELEMETRY", "1"), ("MLFLOW_DISABLE_TELEMETRY", "true")):
    os.environ.setdefault(_name, _value)
# Threads that wait for one another spin for some microseconds, then sleep. Sleeping at once takes 1.6 times as long on
# free cores; spinning on takes ten times as long on shared cores (EXPERIMENTS.md). OpenMP reads it when torch is
# imported, and the bytes do not depend on it.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
# Imports and preparation make millions of objects and hardly a cycle. At Python's own threshold, looking for cycles
# takes a seventh of a short run and a quarter of the preparation of small pictures (EXPERIMENTS.md).
gc.set_threshold(100_000)
# By default MLflow unpickles files that an MLmodel names, which runs code; the models of this project hold no pickle.
os.environ.setdefault("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
# At the end of a run MLflow prints the address of the server, with its password.
if mask_secrets(tracking_uri()) != tracking_uri():
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
# A progress bar for each artifact would break up the lines that the user reads.
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

# A terminal without UTF-8 shows another character for ± or × instead of ending the run; the same in child processes.
for _stream in (sys.stdout, sys.stderr):
    if isinstance(_stream, io.TextIOWrapper):
        _stream.reconfigure(errors="replace")
os.environ.setdefault("PYTHONIOENCODING", ":replace")

# A warning about a class of kedro-mlflow at every start; MLflow puts its own filter before any of `warnings`.
logging.getLogger("py.warnings").addFilter(
    lambda record: "Add type hints to the `predict` method" not in record.getMessage()
)
# The class of a request is a number or a name; pydantic checks it.
logging.getLogger("mlflow.types.type_hints").addFilter(
    lambda record: "Union type hint with multiple" not in record.getMessage()
)

HOOKS = (RunHooks(),)
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)
SESSION_CLASS = TrackedSession
CONFIG_LOADER_CLASS = ProjectConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # An environment names the keys that differ; without this it would replace whole groups, silently.
    "merge_strategy": {"parameters": "soft"},
    "custom_resolvers": {
        "root": lambda: str(find_root()),
        "tracking_uri": tracking_uri,
        "artifact_root": lambda: str(artifact_root()),
        "oc.env": oc.env,
    },
}
