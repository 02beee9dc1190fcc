from dataclasses import replace

import numpy as np
import pytest
import torch

from ganops.evaluation.report import GENERATOR, Estimate, Protocol, Report
from ganops.reporting.comparison import VariantResult, comparison_curves, comparison_table, draw_compared_samples

PROTOCOL = Protocol("digits", "ab", "none", 40, "train", 100, (1, 2), 3, 20, 5, 1, "cd")


def variant(name: str, fid: float, samples: torch.Tensor, *times: int) -> VariantResult:
    metrics = {"fid": Estimate(fid, 0.5), "modes": Estimate(3.0, 0.0)}
    curve = {seen: {"fid": fid + 100 / seen, "modes": 1.0} for seen in times}
    report = Report(GENERATOR, metrics, {"fid": Estimate(1.0)}, {}, PROTOCOL, curve)
    return VariantResult(name, 0, report, samples)


@pytest.fixture
def pictures() -> dict[str, VariantResult]:
    samples = torch.randint(0, 256, (10, 1, 9, 9), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    failed = VariantResult("failed", 0, failure="a game: received nan.")
    return {"a": variant("a", 5.0, samples, 64, 128), "failed": failed, "b": variant("b", 7.0, 255 - samples, 96, 128)}


def test_the_table_ends_with_the_floor_and_says_what_was_lost(pictures: dict[str, VariantResult]) -> None:
    table = comparison_table(pictures)
    keys = [
        "variant",
        "seed",
        "images_seen",
        "failure",
        "fid_digits",
        "fid_digits_sd",
        "modes_digits",
        "modes_digits_sd",
    ]
    assert list(table.columns) == keys
    assert list(table["variant"]) == ["a", "failed", "b", "real (floor)"]
    assert list(table["images_seen"].dropna()) == [128, 128] and list(table["images_seen"].isna())[1]
    assert list(table["failure"].dropna()) == ["a game: received nan."] and list(table["fid_digits"])[3] == 1.0


def test_void_metrics_are_missing_and_the_floor_stays(pictures: dict[str, VariantResult]) -> None:
    report = pictures["b"].report
    assert report is not None
    void = replace(pictures["b"], report=replace(report, trained_features=("digits",)))
    table = comparison_table({**pictures, "b": void})
    assert list(table["fid_digits"].isna()) == [False, True, True, False]


def test_curves_of_one_metric_stand_together(pictures: dict[str, VariantResult]) -> None:
    curves = comparison_curves(pictures)
    assert list(curves.columns) == ["images_seen", "fid_digits/a", "fid_digits/b", "modes_digits/a", "modes_digits/b"]
    assert list(curves["images_seen"]) == [64, 96, 128]
    np.testing.assert_array_equal(curves["fid_digits/a"].to_numpy(), [5 + 100 / 64, np.nan, 5 + 100 / 128])


def test_pictures_stand_in_rows_and_points_side_by_side(pictures: dict[str, VariantResult]) -> None:
    sheet = draw_compared_samples(pictures, "image")
    without = draw_compared_samples({name: one for name, one in pictures.items() if name != "failed"}, "image")
    assert sheet.width == without.width and sheet.height > without.height, "a line names the failed variant"
    cloud = torch.rand(50, 2, generator=torch.Generator().manual_seed(0))
    one = draw_compared_samples({"a": variant("a", 1.0, cloud, 64)}, "point")
    two = draw_compared_samples({name: variant(name, 1.0, cloud, 64) for name in "ab"}, "point")
    assert two.width == 2 * one.width and two.height == one.height
