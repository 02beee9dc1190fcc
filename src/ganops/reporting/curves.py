"""Draw training curves over images seen: one panel per group of names, such as `loss` of `loss/generator`.

A spike of a few points would flatten all others. In that case the axis is limited to what nearly all points need, and
a line above the panel states how many points lie outside, and how far.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from PIL import Image

from ganops.errors import TrainingError
from ganops.reporting.figure import create_figure, render

if TYPE_CHECKING:
    from matplotlib.axes import Axes

X, ATTEMPT = "images_seen", "attempt"
_PANEL_INCHES = (8.0, 2.6)
_PANELS_PER_COLUMN = 4
_COLOURS = ("#3b6ea5", "#d9823b", "#5a9367", "#8c6bb1", "#c05a5a", "#7a7a7a", "#c9a227", "#4aa3a2")
_PALE_INK = "#777777"
# Share of a curve's points beyond each limit.
_OUTER_SHARE = 0.02
_HEADROOM = 0.3


def draw_curves(scalars: pd.DataFrame) -> Image.Image:
    """Draw one line per column in RGB, without gaps (NaN): equal tables give equal pixels.

    A dashed line marks where a failed attempt was rolled back and restarted.

    Args:
        scalars: column images_seen, columns named group/name, and optionally the number of the attempt.

    Raises:
        TrainingError: the table has no images_seen or no curve.
    """
    groups = group_curves(scalars)
    columns = -(-len(groups) // _PANELS_PER_COLUMN)
    rows = -(-len(groups) // columns)
    width, height = _PANEL_INCHES
    figure = create_figure(width * columns, height * rows)
    panels = figure.subplots(rows, columns, sharex=True, squeeze=False).T.ravel()
    for place, (group, names) in enumerate(groups.items()):
        _draw_panel(panels[place], scalars, names)
        _format_panel(panels[place], group, lowest=place % rows == rows - 1 or place == len(groups) - 1)
        for images_seen in find_restarts(scalars):
            panels[place].axvline(images_seen, color=_PALE_INK, linewidth=0.9, linestyle="--")
    for panel in panels[len(groups) :]:
        panel.set_axis_off()
    return render(figure)


def group_curves(scalars: pd.DataFrame) -> dict[str, list[str]]:
    """Return group → columns, both in the table's order."""
    groups: dict[str, list[str]] = {}
    for name in map(str, scalars.columns):
        if name not in (X, ATTEMPT):
            groups.setdefault(name.split("/", 1)[0], []).append(name)
    if X not in scalars.columns or not groups:
        raise TrainingError(
            "training curves",
            expected=f"a column {X} and at least one curve",
            received=", ".join(map(str, scalars.columns)) or "no columns",
            remedy="Train again: kedro run --pipelines training.",
        )
    return groups


def find_restarts(scalars: pd.DataFrame) -> list[float]:
    """Return the images seen at the last point before each new attempt."""
    if ATTEMPT not in scalars.columns:
        return []
    last_rows = np.flatnonzero(np.diff(scalars[ATTEMPT]))
    return [float(scalars[X].iloc[row]) for row in last_rows]


def limit_axis(curves: Sequence[np.ndarray]) -> tuple[float, float] | None:
    """Return limits of an axis that cuts off spikes; None if all points need at most twice that span.

    The limits enclose the inner 96 % of each curve, with 30 % of that span above and below.

    Args:
        curves: finite values of each.
    """
    filled = [values for values in curves if len(values)]
    if not filled:
        return None
    ends = np.array([np.quantile(values, (_OUTER_SHARE, 1 - _OUTER_SHARE)) for values in filled])
    low, high = ends[:, 0].min(), ends[:, 1].max()
    low, high = low - _HEADROOM * (high - low), high + _HEADROOM * (high - low)
    span = np.ptp(np.concatenate(filled))
    return (float(low), float(high)) if low < high and span > 2 * (high - low) else None


def describe_outside(curves: Sequence[np.ndarray], limits: tuple[float, float]) -> str:
    """Return how many points lie outside the limits, and the farthest of them."""
    values = np.concatenate(list(curves))
    above, below = values[values > limits[1]], values[values < limits[0]]
    parts = [f"{len(above)} above, up to {above.max():.3g}"] if len(above) else []
    return "; ".join([*parts, *([f"{len(below)} below, down to {below.min():.3g}"] if len(below) else [])])


def _draw_panel(panel: "Axes", scalars: pd.DataFrame, names: list[str]) -> None:
    curves: list[Any] = [scalars[[X, name]].dropna() for name in names]
    for place, (name, points) in enumerate(zip(names, curves, strict=True)):
        (line,) = panel.plot(points[X], points[name], label=name.split("/", 1)[-1], linewidth=1.2)
        line.set(color=_COLOURS[place % len(_COLOURS)], marker="." if len(points) == 1 else "")
    values = [points[name].to_numpy() for name, points in zip(names, curves, strict=True)]
    if limits := limit_axis(values):
        panel.set_ylim(*limits)
        corner = {"transform": panel.transAxes, "fontsize": "small", "color": _PALE_INK}
        panel.text(0, 1.03, f"not shown: {describe_outside(values, limits)}", **corner)


def _format_panel(panel: "Axes", group: str, *, lowest: bool) -> None:
    panel.set_ylabel(group)
    panel.set_xlabel("images seen" if lowest else "")
    panel.tick_params(labelbottom=lowest)
    panel.xaxis.set_major_formatter("{x:,.0f}")
    panel.grid(alpha=0.25, linewidth=0.6)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(loc="lower right", bbox_to_anchor=(1, 0.98), fontsize="small", frameon=False, ncols=5)
