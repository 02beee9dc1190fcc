"""Training curves: a panel for each group of names, as `loss` of `loss/generator`, over images seen."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from PIL import Image

from ganops.errors import TrainingError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

X = "images_seen"
_PANEL_INCHES = (8.0, 2.6)
_DOTS_PER_INCH = 100


def draw_curves(scalars: pd.DataFrame) -> Image.Image:
    """One line a column, RGB; gaps (NaN) are left out. The same pixels for the same table.

    Args:
        scalars: column images_seen, and columns named group/name.

    Raises:
        TrainingError: a table without images_seen or without a curve.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    groups = curve_groups(scalars)
    width, height = _PANEL_INCHES
    figure = Figure(figsize=(width, height * len(groups)), dpi=_DOTS_PER_INCH, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    panels = figure.subplots(len(groups), 1, sharex=True, squeeze=False)[:, 0]
    for panel, (group, names) in zip(panels, groups.items(), strict=True):
        _draw_panel(panel, group, scalars, names)
    panels[-1].set_xlabel("images seen")
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3].copy())


def curve_groups(scalars: pd.DataFrame) -> dict[str, list[str]]:
    """Group → columns, both in the table's order."""
    groups: dict[str, list[str]] = {}
    for name in map(str, scalars.columns):
        if name != X:
            groups.setdefault(name.split("/", 1)[0], []).append(name)
    if X not in scalars.columns or not groups:
        raise TrainingError(
            "training curves",
            expected=f"a column {X} and at least one curve",
            received=", ".join(map(str, scalars.columns)) or "no columns",
            remedy="Train again: kedro run --pipelines training.",
        )
    return groups


def _draw_panel(panel: "Axes", group: str, scalars: pd.DataFrame, names: list[str]) -> None:
    for name in names:
        known: Any = scalars[[X, name]].dropna()
        panel.plot(known[X], known[name], label=name.split("/", 1)[-1], linewidth=1.2)
    panel.set_ylabel(group)
    panel.grid(alpha=0.3)
    panel.legend(loc="upper right", fontsize="small")
