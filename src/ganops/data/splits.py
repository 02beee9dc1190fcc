"""Which samples are kept and which split each belongs to: seeded, stratified by class, duplicates together."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64

from ganops.config import DataPreparationParameters, SplitName
from ganops.data.store import NO_CLASS
from ganops.errors import DataError
from ganops.noise import permutation

Labels = Int64[np.ndarray, " samples"]


def apportion(total: int, sizes: Sequence[int]) -> list[int]:
    """`total` divided in proportion to `sizes`, by the largest remainders; ties go to the first."""
    whole = sum(sizes)
    parts = [total * size // whole for size in sizes]
    by_remainder = sorted(range(len(sizes)), key=lambda k: (-(total * sizes[k] % whole), k))
    for k in by_remainder[: total - sum(parts)]:
        parts[k] += 1
    return parts


def keep_stratified(labels: Labels, limit: int | None, seed: int) -> Int64[np.ndarray, " kept"]:
    """Positions of `limit` samples in the proportion of their classes, ascending; all where limit is None or larger."""
    if limit is None or limit >= len(labels):
        return np.arange(len(labels))
    members = _members(labels)
    counts = apportion(limit, [len(positions) for positions in members.values()])
    kept = [
        positions[permutation(seed, f"limit/{label}", 0, len(positions))[:count]]
        for (label, positions), count in zip(members.items(), counts, strict=True)
    ]
    return np.sort(np.concatenate(kept))


def assign_splits(
    labels: Labels, duplicate_of: Labels, classes: tuple[str, ...], parameters: DataPreparationParameters
) -> list[SplitName]:
    """The split of every sample. A duplicate goes where its original goes, whatever label it has itself.

    Args:
        duplicate_of: position of the first occurrence, −1 for a first occurrence.

    Raises:
        DataError: a class has no distinct picture left for one of the splits.
    """
    originals = np.where(duplicate_of < 0, np.arange(len(labels)), duplicate_of)
    copies = np.bincount(originals, minlength=len(labels))
    shares = {"held_out": parameters.held_out_share, "validation": parameters.validation_share}
    members = {label: at[duplicate_of[at] < 0] for label, at in _members(labels).items()}
    sizes = [int(copies[at].sum()) for at in members.values()]
    wanted = {name: apportion(round(share * len(labels)), sizes) for name, share in shares.items() if share > 0}
    split_of: dict[int, SplitName] = {}
    for k, (label, at) in enumerate(members.items()):
        order = at[permutation(parameters.seed, f"split/{label}", 0, len(at))]
        chosen = _fill(order, copies, {name: max(1, parts[k]) for name, parts in wanted.items()})
        _check_filled(chosen, len(at), ("train", *wanted), _class_name(classes, label))
        split_of |= chosen
    return [split_of[int(original)] for original in originals]


def _members(labels: np.ndarray) -> dict[int, np.ndarray]:
    return {int(label): np.flatnonzero(labels == label) for label in np.unique(labels)}


def _fill(order: np.ndarray, copies: np.ndarray, room: dict[str, int]) -> dict[int, SplitName]:
    chosen = {}
    for original in order.tolist():
        name = next((name for name, left in room.items() if copies[original] <= left), "train")
        chosen[original] = name
        if name in room:
            room[name] -= int(copies[original])
    return chosen


def _check_filled(chosen: dict[int, SplitName], distinct: int, wanted: tuple[str, ...], name: str) -> None:
    empty = sorted(set(wanted) - set(chosen.values()))
    if empty:
        raise DataError(
            name,
            expected=f"a distinct picture for each of {', '.join(wanted)}",
            received=f"{distinct} distinct, which leaves none for {', '.join(empty)}",
            remedy="Add pictures of it, leave the class out, or change data_preparation's shares or limit.",
        )


def _class_name(classes: tuple[str, ...], label: int) -> str:
    return "the pictures" if label == NO_CLASS else f"class {classes[label]!r}"
