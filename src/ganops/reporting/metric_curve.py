"""The metrics of a generator over images seen: a panel a metric, what real pictures reach as a dashed line.

The distance decides which snapshot was the best, and says so beside the last: where the last is much worse, the
training was too long.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from PIL import Image

from ganops.errors import MetricError
from ganops.evaluation.report import HELD_OUT, IMAGES_SEEN
from ganops.reporting.figure import create_figure, render

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DECIDES = "fid_"
_PANEL_INCHES = (8.0, 2.6)
_COLOUR, _MARKED, _PALE_INK = "#3b6ea5", "#d9823b", "#777777"


def draw_metric_curve(curve: pd.DataFrame, report: Mapping[str, Any]) -> Image.Image:
    """RGB; the same pixels for the same table.

    Args:
        curve: columns images_seen and metrics, see `Report.curve_table`.
        report: as stored in report.json: its floor, and the protocol that both share.

    Raises:
        MetricError: a table without a metric or without a snapshot.
    """
    names = [str(name) for name in curve.columns if name != IMAGES_SEEN]
    if not names or IMAGES_SEEN not in curve.columns or curve.empty:
        raise MetricError(
            "the curve of the metric",
            expected=f"a column {IMAGES_SEEN}, metrics and a snapshot",
            received=f"{len(curve)} rows of {', '.join(map(str, curve.columns)) or 'no columns'}",
            remedy="Evaluate again: kedro run --pipelines evaluation.",
        )
    width, height = _PANEL_INCHES
    figure = create_figure(width, height * len(names) + 0.3)
    panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    for panel, name in zip(panels, names, strict=True):
        _draw(panel, curve, name, report["metrics"][HELD_OUT].get(name))
    panels[-1].set_xlabel("images seen")
    protocol = report["protocol"]
    note = f"{protocol['n']} samples each, seed {protocol['seeds'][0]} alone, against {protocol['reference']}"
    figure.supxlabel(note, fontsize="small", color=_PALE_INK)
    return render(figure)


def best_and_last(curve: pd.DataFrame, name: str) -> tuple[int, int]:
    """The places of the snapshot of least `name` (of equal ones the first) and of the last."""
    return int(curve[name].argmin()), len(curve) - 1


def _draw(panel: "Axes", curve: pd.DataFrame, name: str, floor: Mapping[str, float] | None) -> None:
    images_seen, values = curve[IMAGES_SEEN], curve[name]
    panel.plot(images_seen, values, color=_COLOUR, marker="o", markersize=4, linewidth=1.2)
    if floor is not None:
        panel.axhline(floor["mean"], color=_PALE_INK, linestyle="--", linewidth=1, label=f"real {floor['mean']:.4g}")
    if name.startswith(_DECIDES):
        best, last = best_and_last(curve, name)
        panel.plot(images_seen[best], values[best], "o", color=_MARKED, label=_told("best", curve, name, best))
        panel.plot(images_seen[last], values[last], "o", color=_COLOUR, label=_told("last", curve, name, last))
    panel.set_ylabel(name, fontsize="small")
    panel.xaxis.set_major_formatter("{x:,.0f}")
    panel.grid(alpha=0.25, linewidth=0.6)
    panel.spines[["top", "right"]].set_visible(False)
    if panel.get_legend_handles_labels()[0]:
        panel.legend(loc="lower right", bbox_to_anchor=(1, 0.98), fontsize="small", frameon=False, ncols=3)


def _told(which: str, curve: pd.DataFrame, name: str, row: int) -> str:
    return f"{which} {curve[name][row]:.4g} at {curve[IMAGES_SEEN][row]:,}"
