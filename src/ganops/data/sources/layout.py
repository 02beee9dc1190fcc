"""From the names of pictures to their classes and to the data set's own parts.

Folders that wrap everything are looked through. Below them:

    cat/1.png  dog/deep/2.png               sub-folders are classes, whatever lies below them
    1.png  2.png                            no classes
    train/cat/1.png  test/cat/2.png         parts and classes
    train/1.png  test/2.png                 parts without classes

Folders are the data set's parts where there are two or more and every one is named train, training, val, valid,
validation, test or testing, in any case. Only pictures of test and testing are the test part; the others are there to
train on. One sub-folder alone, with the pictures right in it, is one class, unless it is named as a part is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from ganops.data.sources.classes import sort_classes
from ganops.data.sources.parts import PART_NAMES, TEST_NAMES
from ganops.data.store import NO_CLASS


class LoosePicture(Exception):
    """A picture lies beside the folders of the classes; its text is the picture's name."""


@dataclass(frozen=True)
class Layout:
    """The names of the classes, and of every picture its class (−1: none) and whether it is in the test part."""

    classes: tuple[str, ...]
    labels: list[int]
    test: list[bool]


def arrange(names: Sequence[str]) -> Layout:
    """The layout of pictures named by their paths with "/"; LoosePicture where not all are in a folder of a class."""
    folders = [tuple(name.split("/")[:-1]) for name in names]
    depth = _shared(folders)
    below = [parts[depth:] for parts in folders]
    if _are_parts(below):
        test = [parts[0].lower() in TEST_NAMES for parts in below]
        return _with_classes(names, [parts[1:2] for parts in below], test)
    tops = [parts[:1] for parts in below]
    if not any(tops) and depth and folders[0][depth - 1].lower() not in PART_NAMES:
        tops = [folders[0][depth - 1 : depth]] * len(names)
    return _with_classes(names, tops, [False] * len(names))


def _shared(folders: Sequence[tuple[str, ...]]) -> int:
    # What the first and the last in order share, all share.
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
