"""Derives classes and the data set's own parts from the paths of pictures.

Folders that contain everything are skipped. Below them:

    cat/1.png  dog/deep/2.png               sub-folders are classes, at any depth below
    1.png  2.png                            no classes
    train/cat/1.png  test/cat/2.png         parts and classes
    train/1.png  test/2.png                 parts without classes
    00000/1.png  00001/2.png                shards, which are not classes

Folders are the data set's parts where there are two or more and every one is named train, training, val, valid,
validation, test or testing, in any case. Only pictures of test and testing are the test part; the others are for
training. A single sub-folder that contains the pictures is one class, unless it is named like a part or a shard.

Shards are sub-folders over which a program has distributed a large set. All of their names are

    numbers of one width, of 3 digits or more      00000 00001, 0000 1000; classes are numbered 0 … 11 or 00 … 11
    dates                                          2024-01-31, 2024-01, 20240131, 2024
    hexadecimal of one width, of 2 or more         0a 1f …: the first digits of hashes, or whole ones; some with a digit
    all sixteen digits of them                     0 … 9 a … f: the first digit of hashes
    a word for a part of a set and a number        part-0001, shard_3, batch2, images_001, chunk7
    a camera's                                     100CANON 101CANON

Such names may also be classes, so the user has to decide (`data_preparation.classes`).
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import takewhile

from ganops.data.sources.classes import sort_classes
from ganops.data.sources.parts import PART_NAMES, TEST_NAMES
from ganops.data.store import NO_CLASS
from ganops.preparation_config import ClassKind

_PART_WORDS = (
    "parts?|shards?|chunks?|batch(es)?|blocks?|buckets?|data|dirs?|folders?|images?|imgs?|pics?|pictures?|photos?"
)
_FIXED_WIDTH_PATTERNS = (re.compile("[0-9]{3,}"), re.compile("[0-9a-f]{2,}", re.IGNORECASE))
_HEXADECIMAL_DIGITS = set("0123456789abcdef")
_ANY_WIDTH_PATTERNS = (
    re.compile("[0-9]{4}([-_.]?[0-9]{2}){0,2}"),
    re.compile(f"({_PART_WORDS})[-_. ]?[0-9]+", re.IGNORECASE),
    re.compile("[1-9][0-9]{2}[A-Z0-9_]{5}"),
)


class LoosePicture(Exception):
    """A picture is beside the class folders; the message is the picture's name."""


class ShardsOrClasses(Exception):
    """Sub-folders may be shards or classes; the message lists some."""


@dataclass(frozen=True)
class Layout:
    """The names of the classes, and for every picture its class (−1: none) and whether it is in the test part."""

    classes: tuple[str, ...]
    labels: list[int]
    test: list[bool]


def arrange(names: Sequence[str], classes: ClassKind | None = None) -> Layout:
    """Return the layout of pictures.

    Args:
        names: paths of the pictures, with "/".
        classes: meaning of sub-folders; None: derived from their names.

    Raises:
        LoosePicture: some pictures are not in a class folder.
        ShardsOrClasses: the names of sub-folders are ambiguous.
    """
    folders = [tuple(name.split("/")[:-1]) for name in names]
    depth = _count_shared_folders(folders)
    below = [parts[depth:] for parts in folders]
    test = [False] * len(names)
    if _are_parts(below):
        test = [parts[0].lower() in TEST_NAMES for parts in below]
        below = [parts[1:] for parts in below]
    elif not any(below) and depth and _is_class(folders[0][depth - 1], classes):
        return _with_classes(names, [folders[0][depth - 1 : depth]] * len(names), test)
    tops = [() if classes == "none" else parts[:1] for parts in below]
    different = {top[0] for top in tops if top}
    if classes is None and len(different) > 1 and _look_like_shards(different):
        raise ShardsOrClasses(", ".join(repr(name) for name in sorted(different)[:3]))
    return _with_classes(names, tops, test)


def _look_like_shards(names: Collection[str]) -> bool:
    """Return whether all sub-folders have names that programs use for shards."""
    if {name.lower() for name in names} == _HEXADECIMAL_DIGITS:
        return True
    if all(name.isalpha() for name in names) or all(name.isdecimal() and len(name) < 3 for name in names):
        return False  # Words such as "bad" and "add", and numbers of two digits, are hexadecimal by chance.
    same_width = len({len(name) for name in names}) == 1
    patterns = _ANY_WIDTH_PATTERNS + (_FIXED_WIDTH_PATTERNS if same_width else ())
    return any(all(map(pattern.fullmatch, names)) for pattern in patterns)


def _is_class(folder: str, classes: ClassKind | None) -> bool:
    if classes is not None:
        return classes == "folders"
    return folder.lower() not in PART_NAMES and not _look_like_shards([folder])


def _count_shared_folders(folders: Sequence[tuple[str, ...]]) -> int:
    # All share what the first and the last in order share.
    pairs = zip(min(folders), max(folders), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _are_parts(below: Sequence[tuple[str, ...]]) -> bool:
    tops = {parts[:1] for parts in below}
    return len(tops) > 1 and all(top and top[0].lower() in PART_NAMES for top in tops)


def _with_classes(names: Sequence[str], tops: Sequence[tuple[str, ...]], test: list[bool]) -> Layout:
    if not any(tops):
        return Layout((), [NO_CLASS] * len(names), test)
    if not all(tops):
        raise LoosePicture(names[tops.index(())])
    classes = sort_classes(top[0] for top in tops)
    index = {name: label for label, name in enumerate(classes)}
    return Layout(classes, [index[top[0]] for top in tops], test)
