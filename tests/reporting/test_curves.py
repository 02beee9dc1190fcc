"""Groups, limits and restarts of training curves."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ganops.errors import TrainingError
from ganops.reporting.curves import describe_outside, draw_curves, find_restarts, group_curves, limit_axis

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
    assert group_curves(SCALARS) == {"loss": ["loss/generator", "loss/discriminator"], "logit": ["logit/real"]}


def test_equal_tables_give_equal_bytes_and_other_values_others() -> None:
    first = png(draw_curves(SCALARS))
    assert png(draw_curves(SCALARS.copy())) == first
    assert png(draw_curves(SCALARS.assign(**{"logit/real": [0.0, 1.9, 2.0]}))) != first


def test_a_new_attempt_is_a_line_where_it_starts_and_no_curve() -> None:
    one, two = SCALARS.assign(attempt=[0, 0, 0]), SCALARS.assign(attempt=[0, 2, 2])
    assert group_curves(two) == group_curves(SCALARS)
    assert find_restarts(SCALARS) == find_restarts(one) == [] and find_restarts(two) == [64.0]
    assert png(draw_curves(one)) == png(draw_curves(SCALARS)) != png(draw_curves(two))


def test_a_table_without_curves_is_refused() -> None:
    with pytest.raises(TrainingError, match="at least one curve"):
        draw_curves(pd.DataFrame({"images_seen": [64]}))


def test_a_spike_does_not_flatten_the_other_points() -> None:
    calm = np.linspace(0.5, 1.5, 200)
    spiked = calm.copy()
    spiked[[20, 50]] = 100.0, -40.0
    limits = limit_axis([spiked, calm])
    assert limits is not None
    low, high = limits
    assert low < 0.5 and high > 1.5 and high - low < 2.0
    assert describe_outside([spiked, calm], limits) == "1 above, up to 100; 1 below, down to -40"


@pytest.mark.parametrize(
    "curves",
    [
        [np.linspace(0.0, 1.0, 100)],
        [np.linspace(0.0, 1.0, 100), np.linspace(500.0, 600.0, 100)],
        [np.ones(50)],
        [np.array([1.0])],
        [np.array([])],
    ],
    ids=["slope", "two heights", "constant", "one point", "none"],
)
def test_without_spikes_every_point_is_drawn(curves: list[np.ndarray]) -> None:
    assert limit_axis(curves) is None


def test_many_groups_are_in_two_columns() -> None:
    groups = [f"group{i}/curve" for i in range(6)]
    many = draw_curves(pd.DataFrame({"images_seen": [1, 2], **{name: [0.0, 1.0] for name in groups}}))
    few = draw_curves(pd.DataFrame({"images_seen": [1, 2], **{name: [0.0, 1.0] for name in groups[:3]}}))
    assert many.width == 2 * few.width and many.height == few.height
