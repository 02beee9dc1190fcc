"""Draw the metrics of a generator of text at several temperatures: quality against diversity, and the distance."""

from typing import TYPE_CHECKING

import pandas as pd
from PIL import Image

from ganops.evaluation.temperatures import TEMPERATURE, Sweep
from ganops.reporting.figure import create_figure, render

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INCHES = (10.0, 4.2)
_COLOUR, _PALE_INK = "#3b6ea5", "#777777"


def draw_temperatures(table: pd.DataFrame, sweep: Sweep) -> Image.Image:
    """Return an RGB picture; equal tables give equal pixels.

    Args:
        table: see `measure_temperatures`; the last row is of held-out samples.
        sweep: of the table, for the line at the foot.
    """
    of_generator = table.head(-1)
    held_out = {name: table[name].iloc[-1] for name in table.columns}
    (distance,) = (str(name) for name in table.columns if str(name).startswith("fid_"))
    figure = create_figure(*_INCHES)
    quality, distances = figure.subplots(1, 2)
    _draw_line(quality, of_generator, "self_bleu", "bleu")
    for temperature, x, y in zip(*(of_generator[name] for name in (TEMPERATURE, "self_bleu", "bleu")), strict=True):
        _label(quality, f"{temperature:g}", x, y)
    quality.plot(held_out["self_bleu"], held_out["bleu"], "*", color=_PALE_INK, markersize=11)
    _label(quality, "held out", held_out["self_bleu"], held_out["bleu"])
    quality.set(xlabel="self_bleu: lower is more varied", ylabel="bleu: higher is more usual")
    _draw_line(distances, of_generator, TEMPERATURE, distance)
    distances.axhline(held_out[distance], color=_PALE_INK, linestyle="--", linewidth=1)
    _label(distances, "held out", min(of_generator[TEMPERATURE]), held_out[distance])
    distances.set(xlabel="temperature", ylabel=distance)
    figure.supxlabel(f"{sweep.n} lines each, seed {sweep.seed} alone", fontsize="small", color=_PALE_INK)
    return render(figure)


def _draw_line(panel: "Axes", table: pd.DataFrame, x: str, y: str) -> None:
    panel.plot(table[x], table[y], color=_COLOUR, marker="o", markersize=4, linewidth=1.2)
    panel.grid(alpha=0.25, linewidth=0.6)
    panel.spines[["top", "right"]].set_visible(False)


def _label(panel: "Axes", text: str, x: float, y: float) -> None:
    panel.annotate(text, (x, y), xytext=(5, 4), textcoords="offset points", fontsize="small", color=_PALE_INK)
