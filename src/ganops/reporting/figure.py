"""matplotlib's figures as pictures: the same pixels for the same content, on every machine with the same version."""

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DOTS_PER_INCH = 100


def blank(width_inches: float, height_inches: float) -> "Figure":
    """An empty figure, 100 dots an inch, whose parts find their places themselves."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_inches, height_inches), dpi=_DOTS_PER_INCH, layout="constrained")


def rendered(figure: "Figure") -> Image.Image:
    """The figure in RGB."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3].copy())
