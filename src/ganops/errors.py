"""Every mistake or mishap that a user can meet, as one family.

GanopsError
├── ConfigurationError   a parameter file, an override or an environment
├── DataError            pictures, the store, splits
├── ShapeError           tensors or networks that do not fit one another
├── TrainingError        a game that cannot go on
├── CheckpointError      a training state on disk that cannot be read or does not fit
├── MetricError          features, statistics, evaluation
├── BundleError          a trained generator's files
├── RequestError         what was asked of a generator
├── TrackingError        the MLflow store
├── RegistryError        the model registry
├── StorageError         a full disk, a folder that cannot be written
└── CustodyError         DVC, git and the files they guard

The command line prints the message of each without a traceback.
"""

import difflib
from collections.abc import Iterable
from functools import partial
from typing import Any


class GanopsError(Exception):
    """States what was expected, what was received and what to do.

    Args:
        subject: the file, key or thing that is wrong, as its reader would call it.
        expected: what would have been right.
        received: what was found instead.
        remedy: what the reader can do now.
    """

    def __init__(self, subject: str, *, expected: str, received: str, remedy: str) -> None:
        super().__init__(f"{subject}: expected {expected}, received {received}. {remedy}")
        self.subject = subject
        self.expected = expected
        self.received = received
        self.remedy = remedy

    def __reduce__(self) -> tuple[Any, ...]:
        """So that an error of another process can be raised in this one."""
        return partial(type(self), **vars(self)), ()


def suggest(name: str, known: Iterable[str], otherwise: str = "", *, within: str = "", cutoff: float = 0.6) -> str:
    """Return a remedy that names the known name nearest to a mistyped one, whatever its case.

    Args:
        name: as the user typed it.
        known: the names that are right.
        otherwise: the remedy where none is near.
        within: stands before the nearest name in the remedy.
        cutoff: how like a name must be to count as near, as in difflib; 0: the nearest, however unlike.
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
    """The game cannot go on."""


class CheckpointError(GanopsError):
    """A training state on disk cannot be read, or belongs to something else."""


class MetricError(GanopsError):
    """Features or statistics cannot be computed as asked."""


class BundleError(GanopsError):
    """A trained generator's files are missing, damaged or of another format."""


class RequestError(GanopsError):
    """A generator was asked for something it cannot give."""


class TrackingError(GanopsError):
    """The MLflow store cannot be used."""


class RegistryError(GanopsError):
    """The model registry does not hold what was asked, or refuses it."""


class StorageError(GanopsError):
    """The disk is full, or the folder cannot be written."""


class CustodyError(GanopsError):
    """DVC, git or the files they guard are not in the state that the action needs."""
