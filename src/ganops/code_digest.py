"""The partition of the source into what may change which outputs, and digests of it.

Three things use the partition: the fingerprint of a training, the resume key of a run, and the stages of DVC. A part is
a module or package directly below `ganops`. Tests hold TRAINING equal to what `ganops.launch.launch` reaches by its
imports and to the stage of dvc.yaml, and the three groups to the content of the package.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

TRAINING = frozenset(
    {
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
        "own",
        "own_games",
        "parameters",
        "preparation_config",
        "recipe",
        "sampling",
        "sealed_json",
        "spectrogram",
        "tensors",
        "torch_private",
        "training",
        "training_config",
        "training_settings",
        "trend",
    }
)
"""Parts that can change the files of a training."""
OUTPUTS = frozenset(
    {
        "comparison_config",
        "evaluation",
        "evaluation_config",
        "kedro_datasets",
        "metrics",
        "pipelines",
        "registry",
        "reporting",
    }
)
"""Parts that can change other outputs."""
SILENT = frozenset(
    {
        "__main__",
        "cli",
        "configuration",
        "dvc_stages",
        "errors",
        "git",
        "hooks",
        "pipeline_registry",
        "settings",
        "start_checks",
        "torchrun_worker",
        "tracking",
    }
)
"""Parts that cannot change an output: commands, messages, and the records of runs."""
LISTED_BY_MEMBER = frozenset({"kedro_datasets", "pipelines", "reporting"})
"""Parts whose members a stage of DVC depends on one by one, so that an edited table is no reason to train again."""

_PACKAGE = Path(__file__).resolve().parent


def source_digest(includes: Callable[[str], bool] = lambda part: True) -> str:
    """Return the sha256 of the package's sources, their names and contents.

    Args:
        includes: whether a part, the module `noise` or the package `data`, is among them.
    """
    digest = hashlib.sha256()
    for file in sorted(_PACKAGE.rglob("*.py")):
        name = file.relative_to(_PACKAGE)
        if includes(Path(name.parts[0]).stem):
            digest.update(name.as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def training_digest() -> str:
    """Return the sha256 of the sources that can change the files of a training."""
    return source_digest(TRAINING.__contains__)
