"""Augmentation in plain NumPy, picture by picture, in the order in which Zhao et al. 2020 apply it.

From "Differentiable Augmentation for Data-Efficient GAN Training" (DiffAugment), section 4 and its code; the
probability of each transformation from Karras et al. 2020 (ADA), section 2.2.
"""

import math

import numpy as np


def translation(picture: np.ndarray, draws: np.ndarray, p: float) -> np.ndarray:
    """By draws (3,), of (channels, height, width); black comes in."""
    return shift(picture, draws[1], draws[2], -1.0) if draws[0] < p else picture


def diffaugment(picture: np.ndarray, draws: np.ndarray, p: float) -> np.ndarray:
    """By draws (12,): whether to apply each of the five, then the magnitudes in their order."""
    colours = {1: 1, 2: 1, 3: 3, 4: 3}[len(picture)]
    picture = picture.copy()
    if draws[0] < p:
        picture[:colours] = picture[:colours] + (draws[5] - 0.5)
    if draws[1] < p:
        picture[:colours] = saturate(picture[:colours], 2 * draws[6])
    if draws[2] < p:
        mean = picture[:colours].mean()
        picture[:colours] = (picture[:colours] - mean) * (draws[7] + 0.5) + mean
    if draws[3] < p:
        picture = shift(picture, draws[8], draws[9], 0.0)
    return cutout(picture, draws[10], draws[11]) if draws[4] < p else picture


def saturate(colours: np.ndarray, factor: float) -> np.ndarray:
    """Return the distance of each value from the mean of its pixel, times a factor."""
    result = np.empty_like(colours)
    for row, column in np.ndindex(colours.shape[1:]):
        mean = colours[:, row, column].mean()
        result[:, row, column] = (colours[:, row, column] - mean) * factor + mean
    return result


def shift(picture: np.ndarray, of_rows: float, of_columns: float, fill: float) -> np.ndarray:
    """Down and right by up to an eighth of the size, either way; each number of pixels is equally likely."""
    height, width = picture.shape[1:]
    down, right = (
        math.floor(draw * (2 * round(size / 8) + 1)) - round(size / 8)
        for draw, size in ((of_rows, height), (of_columns, width))
    )
    result = np.full_like(picture, fill)
    for row, column in np.ndindex(height, width):
        if 0 <= row - down < height and 0 <= column - right < width:
            result[:, row, column] = picture[:, row - down, column - right]
    return result


def cutout(picture: np.ndarray, of_rows: float, of_columns: float) -> np.ndarray:
    """Return a hole of half the size about a centre in the picture, or on its edge where the hole's size is even."""
    height, width = picture.shape[1:]
    tall, wide = height // 2, width // 2
    top = math.floor(of_rows * (height if tall % 2 else height + 1)) - tall // 2
    left = math.floor(of_columns * (width if wide % 2 else width + 1)) - wide // 2
    result = picture.copy()
    result[:, max(top, 0) : max(top + tall, 0), max(left, 0) : max(left + wide, 0)] = 0
    return result
