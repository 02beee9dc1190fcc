"""Digests of the source code, and which part of the package may change which outputs.

The fingerprint of a training, the search for an interrupted run, and the stages of DVC use this partition. A test holds
TRAINING equal to what `ganops.launch.launch` reaches by its imports, and the groups to the content of the package.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

TRAINING = frozenset(
    [
        "augment",
        "bundle",
        "bundle_description",
        "code_digest",
        "config",
        "data",
        "extractors",
        "files",
        "games",
        "hardware",
        "launch",
        "networks",
        "noise",
        "objectives",
        "parameters",
        "sampling",
        "sealed_json",
        "tensors",
        "threads",
        "training",
        "training_settings",
    ]
)
"""Parts that can change the files of a training."""
OUTPUTS = frozenset({"evaluation", "kedro_datasets", "metrics", "pipelines", "registry", "reporting"})
"""Parts that can change other outputs."""
SILENT = frozenset(
    {
        "__main__",
        "cli",
        "dvc_stages",
        "errors",
        "git",
        "hooks",
        "pipeline_registry",
        "settings",
        "start_checks",
        "tracking",
    }
)
"""Parts that can change no output: commands, messages, and the records of runs."""

_PACKAGE = Path(__file__).resolve().parent


def source_digest(counts: Callable[[str], bool] = lambda part: True) -> str:
    """sha256 of the package's sources, names and contents.

    Args:
        counts: whether a part, the module `noise` or the package `data`, is among them.
    """
    digest = hashlib.sha256()
    for file in sorted(_PACKAGE.rglob("*.py")):
        name = file.relative_to(_PACKAGE)
        if counts(Path(name.parts[0]).stem):
            digest.update(name.as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def training_digest() -> str:
    """Return the sha256 of the sources that can change the files of a training."""
    return source_digest(TRAINING.__contains__)
