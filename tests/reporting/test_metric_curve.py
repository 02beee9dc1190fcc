from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ganops.errors import MetricError
from ganops.reporting.metric_curve import best_and_last, describe_curve, draw_metric_curve

from ..reports import make_report

CURVE = pd.DataFrame({"images_seen": [64, 128, 192], "fid_classifier": [9.0, 3.0, 4.0], "modes_classifier": [1, 3, 4]})
REPORT = make_report({}, {"fid": 1.0})


def test_it_is_the_same_twice_and_shows_values_and_floor() -> None:
    first = np.asarray(draw_metric_curve(CURVE, REPORT))
    assert (np.asarray(draw_metric_curve(CURVE.copy(), REPORT)) == first).all()
    other_floor = make_report({}, {"fid": 2.0})
    other_value = CURVE.assign(fid_classifier=[9.0, 3.0, 5.0])
    for curve, report in ((CURVE, other_floor), (other_value, REPORT)):
        assert (np.asarray(draw_metric_curve(curve, report)) != first).any()


def test_a_panel_per_metric() -> None:
    both, one = (
        draw_metric_curve(CURVE, REPORT),
        draw_metric_curve(CURVE.filter(["images_seen", "fid_classifier"]), REPORT),
    )
    assert (both.width, both.mode) == (one.width, "RGB") and both.height == one.height + 260


def test_the_foot_says_what_twice_the_images_would_change() -> None:
    assert "does not show" in describe_curve(CURVE, REPORT)
    images_seen = np.arange(100, 600, 100)
    longer = pd.DataFrame({"images_seen": images_seen, "fid_classifier": 100 / np.sqrt(images_seen)})
    assert describe_curve(longer, REPORT).startswith("Twice the images would change fid_classifier from 4.47 to about ")


def test_a_void_distance_is_marked_and_predicts_nothing() -> None:
    void = replace(REPORT, trained_features=("classifier",))
    assert (np.asarray(draw_metric_curve(CURVE, void)) != np.asarray(draw_metric_curve(CURVE, REPORT))).any()
    assert describe_curve(CURVE, void) == (
        "fid_classifier is void: its curve does not show what twice the images would change."
    )


def test_the_best_is_the_first_of_the_least() -> None:
    assert best_and_last(CURVE, "fid_classifier") == (1, 2)
    assert best_and_last(CURVE.assign(fid_classifier=[3.0, 3.0, 3.0]), "fid_classifier") == (0, 2)


@pytest.mark.parametrize("curve", [CURVE.filter(["images_seen"]), CURVE.head(0), CURVE.filter(["fid_classifier"])])
def test_without_snapshots_nothing_can_be_drawn(curve: pd.DataFrame) -> None:
    with pytest.raises(MetricError, match="the metric curve: expected a column images_seen"):
        draw_metric_curve(curve, REPORT)
