"""Training curves: a panel for each group of names, as `loss` of `loss/generator`, over images seen.

A spike of a few points would press all others into a line. Where it would, the axis ends at what nearly all points
need, and a line above the panel says how many are outside, and how far.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from PIL import Image

from ganops.errors import TrainingError
from ganops.reporting.figure import blank, rendered

if TYPE_CHECKING:
    from matplotlib.axes import Axes

X, ATTEMPT = "images_seen", "attempt"
_PANEL_INCHES = (8.0, 2.6)
_PANELS_IN_A_COLUMN = 4
_COLOURS = ("#3b6ea5", "#d9823b", "#5a9367", "#8c6bb1", "#c05a5a", "#7a7a7a", "#c9a227", "#4aa3a2")
_PALE_INK = "#777777"
# Of a curve's points, at each end.
_OUTER_SHARE = 0.02
_HEADROOM = 0.3


def draw_curves(scalars: pd.DataFrame) -> Image.Image:
    """One line a column, RGB; gaps (NaN) are left out. The same pixels for the same table.

    Where a new attempt went back behind a lost game, a dashed line stands.

    Args:
        scalars: column images_seen, columns named group/name, and maybe the number of the attempt.

    Raises:
        TrainingError: a table without images_seen or without a curve.
    """
    groups = curve_groups(scalars)
    columns = -(-len(groups) // _PANELS_IN_A_COLUMN)
    rows = -(-len(groups) // columns)
    width, height = _PANEL_INCHES
    figure = blank(width * columns, height * rows)
    panels = figure.subplots(rows, columns, sharex=True, squeeze=False).T.ravel()
    for place, (group, names) in enumerate(groups.items()):
        _draw_panel(panels[place], scalars, names)
        _dress(panels[place], group, lowest=place % rows == rows - 1 or place == len(groups) - 1)
        for images_seen in turns(scalars):
            panels[place].axvline(images_seen, color=_PALE_INK, linewidth=0.9, linestyle="--")
    for panel in panels[len(groups) :]:
        panel.set_axis_off()
    return rendered(figure)


def curve_groups(scalars: pd.DataFrame) -> dict[str, list[str]]:
    """Group → columns, both in the table's order."""
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


def turns(scalars: pd.DataFrame) -> list[float]:
    """Images seen before the first point of each new attempt, where the one before ends."""
    if ATTEMPT not in scalars.columns:
        return []
    begins = np.flatnonzero(np.diff(scalars[ATTEMPT]))
    return [float(scalars[X].iloc[place]) for place in begins]


def readable_limits(curves: Sequence[np.ndarray]) -> tuple[float, float] | None:
    """The ends of an axis that cuts spikes off; None where all points together need no more than twice as much.

    Between them lie the inner 96 % of each curve, with 30 % of that span above and below.

    Args:
        curves: values of each, finite.
    """
    shown = [values for values in curves if len(values)]
    if not shown:
        return None
    ends = np.array([np.quantile(values, (_OUTER_SHARE, 1 - _OUTER_SHARE)) for values in shown])
    low, high = ends[:, 0].min(), ends[:, 1].max()
    low, high = low - _HEADROOM * (high - low), high + _HEADROOM * (high - low)
    whole = np.ptp(np.concatenate(shown))
    return (float(low), float(high)) if low < high and whole > 2 * (high - low) else None


def outside(curves: Sequence[np.ndarray], limits: tuple[float, float]) -> str:
    """How many points the axis leaves out, and the farthest of them."""
    values = np.concatenate(list(curves))
    above, below = values[values > limits[1]], values[values < limits[0]]
    parts = [f"{len(above)} above, up to {above.max():.3g}"] if len(above) else []
    return "; ".join([*parts, *([f"{len(below)} below, down to {below.min():.3g}"] if len(below) else [])])


def _draw_panel(panel: "Axes", scalars: pd.DataFrame, names: list[str]) -> None:
    curves: list[Any] = [scalars[[X, name]].dropna() for name in names]
    for place, (name, known) in enumerate(zip(names, curves, strict=True)):
        (line,) = panel.plot(known[X], known[name], label=name.split("/", 1)[-1], linewidth=1.2)
        line.set(color=_COLOURS[place % len(_COLOURS)], marker="." if len(known) == 1 else "")
    values = [known[name].to_numpy() for name, known in zip(names, curves, strict=True)]
    if limits := readable_limits(values):
        panel.set_ylim(*limits)
        corner = {"transform": panel.transAxes, "fontsize": "small", "color": _PALE_INK}
        panel.text(0, 1.03, f"not shown: {outside(values, limits)}", **corner)


def _dress(panel: "Axes", group: str, *, lowest: bool) -> None:
    panel.set_ylabel(group)
    panel.set_xlabel("images seen" if lowest else "")
    panel.tick_params(labelbottom=lowest)
    panel.xaxis.set_major_formatter("{x:,.0f}")
    panel.grid(alpha=0.25, linewidth=0.6)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(loc="lower right", bbox_to_anchor=(1, 0.98), fontsize="small", frameon=False, ncols=5)
