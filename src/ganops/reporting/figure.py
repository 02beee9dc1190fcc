"""Render matplotlib figures as pictures: equal content gives equal pixels for one version of matplotlib."""

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DOTS_PER_INCH = 100


def create_figure(width_inches: float, height_inches: float) -> "Figure":
    """Create an empty figure of 100 dots per inch with matplotlib's constrained layout."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_inches, height_inches), dpi=_DOTS_PER_INCH, layout="constrained")


def render(figure: "Figure") -> Image.Image:
    """Render the figure in RGB."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3].copy())
