"""The trend of a distance over the images seen, fitted to the last points of its curve. Pure.

A distance falls as a power of the images seen until it nears a floor that more images do not lower. With X the images
seen so far, the family of curves is

    y(x) = k · (s + (1 − s) · (x / X)^−β),    log y measured with independent normal errors of equal size.

At x = X the share s of the value is floor. A few points seldom fix both s and β: all pairs of a grid are weighted by
their posterior probability, and predictions are averaged over them. The prior is flat in β, log k and log σ; s is 0
with a probability of 0.3, and else flat.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike
from scipy.special import stdtr

# Share of the images seen, up to the end, that is fitted: the beginning follows another law.
_WINDOW = 0.6
_MIN_POINTS, _MIN_POINTS_FLAT = 4, 6
_FLAT_SHARE, _FLAT_PROBABILITY = 0.05, 0.9
_INTERVAL = 0.8
# An interval that is wider, high / low, says nothing.
_WIDEST_INTERVAL = 3.0
# Of log y, at the least: a curve of few points may be smooth by chance.
_LEAST_ERROR = 0.01
# A negative β is a distance that rises.
_EXPONENTS, _FLOORS = (
    axis.ravel() for axis in np.meshgrid(np.linspace(-0.5, 1.5, 21), np.linspace(0.0, 0.9, 10), indexing="ij")
)
_PRIOR = np.where(_FLOORS == 0, 0.3, 0.7 / 9)
_RATIOS = _FLOORS + (1 - _FLOORS) * 2.0**-_EXPONENTS
"""y(2X) / y(X) of each pair"""
_GRID = np.linspace(-2.0, 2.0, 401)


class Prediction(NamedTuple):
    """A distance expected after twice the images, and an interval that holds its measurement four times in five."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Trend:
    """The fit of a curve: the posterior over pairs of s and β.

    Attributes:
        count: number of the points n.
        last: value of the last of them.
        weights: probability of each pair.
        levels: log of the fitted y(X) of each pair.
        scales: scale of a new measurement's log, by Student's t of n − 1 degrees of freedom.
    """

    count: int
    last: float
    weights: Float[np.ndarray, " pairs"]
    levels: Float[np.ndarray, " pairs"]
    scales: Float[np.ndarray, " pairs"]

    def predict_doubling(self) -> Prediction:
        """Return the prediction of a measurement after twice the images."""
        centres = self.levels + np.log(_RATIOS) - math.log(self.last)
        distribution = self.weights @ stdtr(self.count - 1, (_GRID - centres[:, None]) / self.scales[:, None])
        quantiles = np.interp([0.5, (1 - _INTERVAL) / 2, (1 + _INTERVAL) / 2], distribution, _GRID)
        return Prediction(*(self.last * np.exp(quantiles)).tolist())

    def probability_flat(self) -> float:
        """Return the probability that twice the images lower the distance by less than 5 %."""
        return float(self.weights[_RATIOS > 1 - _FLAT_SHARE].sum())


def fit_trend(images_seen: ArrayLike, values: ArrayLike) -> Trend | None:
    """Fit the points of the last 60 % of the images seen.

    Args:
        images_seen: increasing, positive.
        values: one for each.

    Returns:
        None where these are fewer than four points, or one of their values is not positive.
    """
    x, y = np.asarray(images_seen, dtype=float), np.asarray(values, dtype=float)
    recent = x >= (1 - _WINDOW) * x.max(initial=0.0)
    if recent.sum() < _MIN_POINTS or not (y[recent] > 0).all():
        return None
    share, logs = x[recent] / x[-1], np.log(y[recent])
    shapes = _FLOORS[:, None] + (1 - _FLOORS[:, None]) * share ** -_EXPONENTS[:, None]
    rest = logs - np.log(shapes)
    levels, count = rest.mean(1), len(logs)
    squares = np.square(rest - levels[:, None]).sum(1) + count * _LEAST_ERROR**2
    # The likelihood, integrated over k and σ.
    weights = _PRIOR * (squares / squares.min()) ** (-(count - 1) / 2)
    scales = np.sqrt(squares / (count - 1) * (1 + 1 / count))
    return Trend(count, float(y[-1]), weights / weights.sum(), levels, scales)


def is_flat(images_seen: ArrayLike, values: ArrayLike) -> bool:
    """Return whether twice the images would lower the distance by less than 5 %, with a probability of 90 %.

    False where the last 60 % of the images seen have fewer than six points, or points that are no distance (≤ 0).
    """
    trend = fit_trend(images_seen, values)
    return trend is not None and trend.count >= _MIN_POINTS_FLAT and trend.probability_flat() >= _FLAT_PROBABILITY


def describe_doubling(name: str, images_seen: ArrayLike, values: ArrayLike) -> str:
    """Return a sentence: what twice the images would change, with its uncertainty, or that the curve does not show it.

    Args:
        name: of the distance.
        images_seen: increasing, positive.
        values: one for each.
    """
    trend = fit_trend(images_seen, values)
    unknown = f"The curve of {name} does not show what twice the images would change"
    if trend is None:
        few = (
            f"fewer than {_MIN_POINTS} points in the last {_WINDOW:.0%} of the images, or a value that is not positive"
        )
        return f"{unknown}: {few}."
    median, low, high = trend.predict_doubling()
    if high > _WIDEST_INTERVAL * low:
        return f"{unknown}: its points scatter too much ({low:.2g} to {high:.2g}, four times in five)."
    return (
        f"Twice the images would change {name} from {trend.last:.3g} to about {median:.3g} "
        f"({low:.3g} to {high:.3g}, four times in five)."
    )
