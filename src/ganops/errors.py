"""Every error that a user can meet, as one family.

GanopsError
├── ConfigurationError   a parameter file, an override or an environment
├── DataError            pictures, the store, splits
├── ShapeError           tensors or networks that do not fit one another
├── TrainingError        a training that failed or cannot start
├── CheckpointError      a training state on disk that cannot be read or does not fit
├── MetricError          features, statistics, evaluation
├── BundleError          a trained generator's files
├── RequestError         a request to a generator
├── TrackingError        the MLflow store
├── RegistryError        the model registry
├── StorageError         a full disk, a folder that cannot be written
└── StageError           dvc.yaml, and what the catalog and the pipelines say of it

The command line prints the message of each without a traceback.
"""

import difflib
from collections.abc import Iterable
from functools import partial
from typing import Any


class GanopsError(Exception):
    """States what is wrong and what to do.

    Args:
        subject: the file, key or thing that is wrong, as its reader would call it. Without expected and received: the
            whole sentence that says what is wrong, without its full stop.
        expected: what would have been right; None where there is no such value.
        received: what was found instead; None where expected is.
        remedy: what the reader can do now.

    Attributes:
        problem: the message without the remedy.
    """

    def __init__(self, subject: str, *, expected: str | None = None, received: str | None = None, remedy: str) -> None:
        assert (expected is None) == (received is None), "expected and received come together"
        self.problem = subject if expected is None else f"{subject}: expected {expected}, received {received}"
        super().__init__(f"{self.problem}. {remedy}")
        self.subject = subject
        self.expected = expected
        self.received = received
        self.remedy = remedy

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the four parts, so that an error of another process can be raised in this one."""
        parts = {name: value for name, value in vars(self).items() if name != "problem"}
        return partial(type(self), **parts), ()


def suggest(name: str, known: Iterable[str], otherwise: str = "", *, within: str = "", cutoff: float = 0.6) -> str:
    """Return a remedy that names the known name nearest to a mistyped one, whatever its case.

    Args:
        name: as the user typed it.
        known: the names that are right.
        otherwise: the remedy where none is near.
        within: stands before the nearest name in the remedy.
        cutoff: the similarity, as in difflib, from which a name counts as near; 0: the nearest of all.
    """
    spelled = {one.lower(): one for one in known}
    nearest = difflib.get_close_matches(name.lower(), spelled, n=1, cutoff=cutoff)
    return f"Did you mean {within}{spelled[nearest[0]]}?" if nearest else otherwise


class ConfigurationError(GanopsError):
    """A parameter file, an override or an environment is wrong."""


class DataError(GanopsError):
    """Pictures, the store or its splits cannot be used."""


class ShapeError(GanopsError):
    """Tensors or networks do not fit one another."""


class TrainingError(GanopsError):
    """A training failed, or cannot start or continue."""


class CheckpointError(GanopsError):
    """A training state on disk cannot be read, or belongs to something else."""


class MetricError(GanopsError):
    """Features or statistics cannot be computed as asked."""


class BundleError(GanopsError):
    """A trained generator's files are missing, damaged or of another format."""


class RequestError(GanopsError):
    """A generator cannot meet a request."""


class TrackingError(GanopsError):
    """The MLflow store cannot be used."""


class RegistryError(GanopsError):
    """The model registry does not hold a model, or refuses it."""


class StorageError(GanopsError):
    """The disk is full, or the folder cannot be written."""


class StageError(GanopsError):
    """A stage of DVC cannot be derived, or dvc.yaml is not what the project's pipelines give."""
