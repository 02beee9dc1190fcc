"""Which code ran, by its bytes; and what each part of the package may change.

Fingerprints of trainings, the search for an interrupted run, and the stages of DVC ask which edits matter: all three
take it from here. A test holds TRAINING equal to what `ganops.launch.training` reaches by its imports, and the three
groups to what lies in the package.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

TRAINING = frozenset(
    [
        "augment",
        "bundle",
        "bundle_description",
        "config",
        "data",
        "files",
        "games",
        "launch",
        "metrics",
        "networks",
        "noise",
        "objectives",
        "parameters",
        "sampling",
        "sources",
        "tensors",
        "threads",
        "training",
        "training_settings",
    ]
)
"""What a training's files come from."""
OUTPUTS = frozenset({"kedro_datasets", "pipelines", "registry", "reporting"})
"""What other outputs come from."""
SILENT = frozenset(
    {
        "__main__",
        "cli",
        "custody",
        "errors",
        "git",
        "hooks",
        "pipeline_registry",
        "settings",
        "start_checks",
        "tracking",
    }
)
"""What no byte of an output comes from: commands, messages, and what is told of a run and answers nothing."""

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
    """sha256 of the sources that a training's files come from."""
    return source_digest(TRAINING.__contains__)
