import io

import pandas as pd
import pytest
from PIL import Image

from ganops.errors import TrainingError
from ganops.reporting.curves import curve_groups, draw_curves

SCALARS = pd.DataFrame(
    {
        "images_seen": [64, 128, 192],
        "loss/generator": [1.0, 0.5, 0.2],
        "logit/real": [0.0, float("nan"), 2.0],
        "loss/discriminator": [0.7, 0.8, 0.9],
    }
)


def png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


def test_curves_are_grouped_by_their_prefix() -> None:
    assert curve_groups(SCALARS) == {"loss": ["loss/generator", "loss/discriminator"], "logit": ["logit/real"]}


def test_curves_are_the_same_bytes_twice_and_show_the_values() -> None:
    first = png(draw_curves(SCALARS))
    assert png(draw_curves(SCALARS.copy())) == first
    assert png(draw_curves(SCALARS.assign(**{"logit/real": [0.0, 1.9, 2.0]}))) != first


def test_a_table_without_curves_is_refused() -> None:
    with pytest.raises(TrainingError, match="at least one curve"):
        draw_curves(pd.DataFrame({"images_seen": [64]}))
