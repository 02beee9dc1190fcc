"""Draw the metrics of the snapshots over images seen: a panel per metric, the floor as a dashed line.

The best snapshot by Fréchet distance is marked, and the last: where the last is much worse, the training was too long.
A line at the foot says what twice the images would change.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from PIL import Image

from ganops.errors import MetricError
from ganops.evaluation.report import IMAGES_SEEN, VOID, Estimate, Report
from ganops.reporting.figure import create_figure, render
from ganops.trend import describe_doubling

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PANEL_INCHES = (8.0, 2.6)
_COLOUR, _MARKED, _PALE_INK = "#3b6ea5", "#d9823b", "#777777"


def draw_metric_curve(curve: pd.DataFrame, report: Report) -> Image.Image:
    """Return an RGB picture; equal tables give equal pixels.

    Args:
        curve: columns images_seen and metrics, see `Report.curve_table`.
        report: the report of the curve, for the floor and the protocol.

    Raises:
        MetricError: the table lacks a metric or a snapshot.
    """
    names = [str(name) for name in curve.columns if name != IMAGES_SEEN]
    if not names or IMAGES_SEEN not in curve.columns or curve.empty:
        raise MetricError(
            "the metric curve",
            expected=f"a column {IMAGES_SEEN}, metrics and a snapshot",
            received=f"{len(curve)} rows of {', '.join(map(str, curve.columns)) or 'no columns'}",
            remedy="Evaluate again: kedro run --from-nodes evaluate.",
        )
    width, height = _PANEL_INCHES
    figure = create_figure(width, height * len(names) + 0.5)
    panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    protocol = report.protocol
    floor = {protocol.qualify(name): estimate for name, estimate in report.held_out.items()}
    for panel, name in zip(panels, names, strict=True):
        void = report.is_void(name)
        _draw_panel(panel, curve, name, floor.get(name), mark_best=name == protocol.qualify("fid") and not void)
        if void:
            panel.set_title(VOID, loc="left", fontsize="small")
    panels[-1].set_xlabel("images seen")
    note = f"{protocol.n} samples each, seed {protocol.seeds[0]} alone, against {protocol.reference}"
    figure.supxlabel(f"{note}\n{describe_curve(curve, report)}", fontsize="small", color=_PALE_INK)
    return render(figure)


def describe_curve(curve: pd.DataFrame, report: Report) -> str:
    """Return a sentence on what a training of twice the images would change of the Fréchet distance.

    A void distance says nothing about it.
    """
    name = report.protocol.qualify("fid")
    if report.is_void("fid"):
        return f"{name} is {VOID}: its curve does not show what twice the images would change."
    return describe_doubling(name, np.asarray(curve[IMAGES_SEEN]), np.asarray(curve[name]))


def best_and_last(curve: pd.DataFrame, name: str) -> tuple[int, int]:
    """Return the row of the least value of a metric (the first of equal ones), and the last row."""
    return int(curve[name].argmin()), len(curve) - 1


def _draw_panel(panel: "Axes", curve: pd.DataFrame, name: str, floor: Estimate | None, *, mark_best: bool) -> None:
    images_seen, values = curve[IMAGES_SEEN], curve[name]
    panel.plot(images_seen, values, color=_COLOUR, marker="o", markersize=4, linewidth=1.2)
    if floor is not None:
        panel.axhline(floor.mean, color=_PALE_INK, linestyle="--", linewidth=1, label=f"real {floor.mean:.4g}")
    if mark_best:
        best, last = best_and_last(curve, name)
        panel.plot(images_seen[best], values[best], "o", color=_MARKED, label=_make_label("best", curve, name, best))
        panel.plot(images_seen[last], values[last], "o", color=_COLOUR, label=_make_label("last", curve, name, last))
    panel.set_ylabel(name, fontsize="small")
    panel.xaxis.set_major_formatter("{x:,.0f}")
    panel.grid(alpha=0.25, linewidth=0.6)
    panel.spines[["top", "right"]].set_visible(False)
    if panel.get_legend_handles_labels()[0]:
        panel.legend(loc="lower right", bbox_to_anchor=(1, 0.98), fontsize="small", frameon=False, ncols=3)


def _make_label(which: str, curve: pd.DataFrame, name: str, row: int) -> str:
    return f"{which} {curve[name][row]:.4g} at {curve[IMAGES_SEEN][row]:,}"
