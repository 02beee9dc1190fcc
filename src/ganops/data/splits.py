"""Selects the samples that are kept, and draws the splits: seeded, stratified by class, duplicates together.

If `held_out_share` is null, the data set's own test part is held out and validation is drawn from the rest; otherwise
the parts are pooled and both splits are drawn.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int64

from ganops.config import NOUNS, SOURCE_FIELDS, Nouns, SplitName
from ganops.data.store import NO_CLASS
from ganops.errors import ConfigurationError, DataError
from ganops.noise import permutation
from ganops.preparation_config import DataPreparationParameters

Labels = Int64[np.ndarray, " samples"]
Flags = Bool[np.ndarray, " samples"]


def apportion(total: int, sizes: Sequence[int]) -> list[int]:
    """Divide `total` in proportion to `sizes`, by the largest remainders; ties go to the first."""
    whole = max(sum(sizes), 1)
    parts = [total * size // whole for size in sizes]
    by_remainder = sorted(range(len(sizes)), key=lambda k: (-(total * sizes[k] % whole), k))
    for k in by_remainder[: total - sum(parts)]:
        parts[k] += 1
    return parts


def keep_stratified(labels: Labels, test: Flags, limit: int | None, seed: int) -> Int64[np.ndarray, " kept"]:
    """Select `limit` samples in the proportions of the classes and of the data set's own parts.

    Returns:
        their positions, ascending; all positions if limit is None or not smaller than the number of samples.
    """
    if limit is None or limit >= len(labels):
        return np.arange(len(labels))
    parts = (("", ~test), ("/test", test))
    strata = {f"{label}{part}": at[flags[at]] for label, at in _members(labels).items() for part, flags in parts}
    counts = apportion(limit, [len(positions) for positions in strata.values()])
    kept = [
        positions[permutation(seed, f"limit/{name}", 0, len(positions))[:count]]
        for (name, positions), count in zip(strata.items(), counts, strict=True)
    ]
    return np.sort(np.concatenate(kept))


def assign_splits(
    labels: Labels, test: Flags, duplicate_of: Labels, classes: tuple[str, ...], parameters: DataPreparationParameters
) -> list[SplitName]:
    """Assign every sample to a split. A duplicate follows its original, whatever label it has itself.

    Args:
        labels: class of each sample.
        test: whether a sample is in the data set's own test part. One copy in it holds out all copies.
        duplicate_of: position of the first occurrence, −1 for a first occurrence.
        classes: names of the classes.
        parameters: the shares and the seed.

    Raises:
        ConfigurationError: the test part is to be held out, and there is none.
        DataError: a class has too few distinct samples for the splits that are drawn.
    """
    originals = np.where(duplicate_of < 0, np.arange(len(labels)), duplicate_of)
    copies = np.bincount(originals, minlength=len(labels))
    held_out = _own_test_part(test, originals, parameters)
    free = (duplicate_of < 0) & ~held_out
    members = {label: at[free[at]] for label, at in _members(labels).items()}
    split_of: dict[int, SplitName] = {int(original): "held_out" for original in np.flatnonzero(held_out)}
    for label, chosen in _draw(members, copies, parameters).items():
        wanted = ("train", *(name for name, share in _shares(parameters).items() if share > 0))
        _check_filled(chosen, wanted, _find_nouns(parameters), None if label == NO_CLASS else classes[label])
        split_of |= chosen
    return [split_of[int(original)] for original in originals]


def _own_test_part(test: Flags, originals: Labels, parameters: DataPreparationParameters) -> Flags:
    held_out = np.zeros(len(test), dtype=bool)
    if parameters.held_out_share is not None:
        return held_out
    if not test.any():
        raise ConfigurationError(
            "data_preparation.held_out_share",
            expected=f"a share above 0, because these {_find_nouns(parameters).many} have no test part of their own",
            received="null",
            remedy="Set it, in parameters_data_preparation.yml or by --params data_preparation.held_out_share=0.2.",
        )
    held_out[originals[test]] = True
    return held_out


def _find_nouns(parameters: DataPreparationParameters) -> Nouns:
    return NOUNS[SOURCE_FIELDS[parameters.source]]


def _shares(parameters: DataPreparationParameters) -> dict[SplitName, float]:
    return {"held_out": parameters.held_out_share or 0.0, "validation": parameters.validation_share}


def _draw(
    members: dict[int, np.ndarray], copies: np.ndarray, parameters: DataPreparationParameters
) -> dict[int, dict[int, SplitName]]:
    """Draw, for each class, the split of every distinct sample; shares count all copies of these samples."""
    sizes = [int(copies[at].sum()) for at in members.values()]
    shares = _shares(parameters)
    wanted = {name: apportion(round(share * sum(sizes)), sizes) for name, share in shares.items() if share > 0}
    drawn = {}
    for k, (label, at) in enumerate(members.items()):
        order = at[permutation(parameters.seed, f"split/{label}", 0, len(at))]
        drawn[label] = _fill(order, copies, {name: max(1, parts[k]) for name, parts in wanted.items()})
    return drawn


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


def _check_filled(chosen: dict[int, SplitName], wanted: tuple[str, ...], nouns: Nouns, class_name: str | None) -> None:
    empty = sorted(set(wanted) - set(chosen.values()))
    if empty:
        more = f"Add {nouns.many}" if class_name is None else f"Add {nouns.many} of this class, remove the class"
        raise DataError(
            f"the {nouns.many}" if class_name is None else f"class {class_name!r}",
            expected=f"a distinct {nouns.one} for each of {', '.join(wanted)}",
            received=f"{len(chosen)} distinct {nouns.many}, which leaves none for {', '.join(empty)}",
            remedy=f"{more}, or change data_preparation's shares or limit.",
        )
