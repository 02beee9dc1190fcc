"""Applies `data_preparation.classes` to a source in which only some pictures have a label."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from ganops.data.sources.files import list_names, raise_unreadable, unusable
from ganops.data.sources.source import SampleRef, Source
from ganops.data.store import NO_CLASS
from ganops.preparation_config import ClassKind

_ASK = (
    "Set data_preparation.classes to none to use all pictures without classes, or to labels to leave out those "
    "without a label. If −1 is a class, save it under another number."
)


def settle_labels(path: Path, source: Source, classes: ClassKind | None) -> Source:
    """Return the source with a label for every picture, or for none.

    Args:
        path: origin of the source, for the error.
        source: the pictures.
        classes: `none` drops all labels, `labels` leaves out the pictures without one; else every picture needs one.

    Raises:
        DataError: some pictures have no label, and `classes` does not allow it.
    """
    if not source.classes:
        return source
    if classes == "none":
        references = [replace(reference, label=NO_CLASS) for reference in source.references]
        note = f"labels of {len(source.classes)} classes are not used (data_preparation.classes=none)"
        return replace(source, references=references, classes=(), notes=(*source.notes, note))
    without = Counter(_file(reference) for reference in source.references if _is_unlabelled(reference))
    if not without:
        return source
    counts = f"{without.total()} of {len(source.references)}"
    received = f"{counts} without one: {list_names(f'{count} in {name}' for name, count in without.items())}"
    if classes != "labels":
        raise unusable(path, "a label for every picture, or for none", "; ".join((received, *source.notes)), _ASK)
    kept = [reference for reference in source.references if not _is_unlabelled(reference)]
    note = f"pictures without a label are left out (data_preparation.classes=labels): {received}"
    return replace(source, references=kept, notes=(*source.notes, note))


def _is_unlabelled(reference: SampleRef) -> bool:
    # A refused file counts as an unreadable picture, whatever its label.
    return reference.label == NO_CLASS and getattr(reference.load, "func", None) is not raise_unreadable


def _file(reference: SampleRef) -> str:
    """Return the file or array whose row the picture is, or the folder of its file."""
    return reference.name.rpartition(":")[0] or reference.name.rpartition("/")[0] or "the folder itself"
