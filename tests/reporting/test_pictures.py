import io
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from rich.console import Console

from ganops.errors import TrainingError
from ganops.reporting.curves import curve_groups, draw_curves
from ganops.reporting.grid import image_grid, readable_scale
from ganops.reporting.samples import COLUMNS, interpolation, sample_grid
from ganops.reporting.table import console_table, protocol_line
from ganops.sampling import GenerationRequest, Samples


def test_a_grid_to_the_pixel() -> None:
    images = torch.tensor([[[[1, 2]]], [[[3, 4]]], [[[5, 6]]]], dtype=torch.uint8)
    gap = 128
    expected = [
        [gap] * 7,
        [gap, 1, 2, gap, 3, 4, gap],
        [gap] * 7,
        [gap, 5, 6, gap, gap, gap, gap],
        [gap] * 7,
    ]
    assert np.asarray(image_grid(images, columns=2)).tolist() == expected
    enlarged = np.asarray(image_grid(images, columns=2, scale=3))
    np.testing.assert_array_equal(enlarged, np.kron(np.array(expected), np.ones((3, 3), dtype=int)))


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
def test_one_to_four_channels(channels: int, mode: str) -> None:
    images = torch.arange(channels, dtype=torch.uint8)[None, :, None, None].expand(1, channels, 2, 2)
    grid = image_grid(images, columns=1)
    assert grid.mode == mode
    assert np.asarray(grid).reshape(4, 4, channels)[1, 2].tolist() == list(range(channels))


@pytest.mark.parametrize(("side", "scale"), [(8, 7), (28, 2), (56, 1), (300, 1)])
def test_small_pictures_are_enlarged(side: int, scale: int) -> None:
    assert readable_scale(torch.zeros(1, 1, side, side + 4, dtype=torch.uint8)) == scale


@dataclass(frozen=True)
class Flat:
    """A generator of flat pictures: the value tells the class, or the seed where it knows none."""

    classes: tuple[str, ...]
    conditional: bool = True

    def generate(self, request: GenerationRequest) -> Samples:
        value = request.seed if request.class_label is None else 50 + request.class_label
        labels = torch.zeros(request.n, dtype=torch.int64) if self.conditional else None
        return Samples(torch.full((request.n, 1, 56, 56), value, dtype=torch.uint8), labels)

    def interpolate(self, start_seed: int, end_seed: int, steps: int, class_label: int | None) -> torch.Tensor:
        value = 0 if class_label is None else 50 + class_label
        return (value + torch.arange(steps)).to(torch.uint8)[:, None, None, None].expand(steps, 1, 56, 56)


def centres(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture)[28::57, 28::57]


def test_samples_have_a_row_a_class() -> None:
    shown = centres(sample_grid(Flat(("a", "b", "c"))))
    assert shown.tolist() == [[50] * COLUMNS, [51] * COLUMNS, [52] * COLUMNS]


def test_a_generator_without_classes_is_asked_for_none_though_the_data_has_some() -> None:
    shown = centres(sample_grid(Flat(("a", "b", "c"), conditional=False)))
    assert shown.tolist() == [[seed] * COLUMNS for seed in range(8)]


def test_interpolations_run_along_the_rows() -> None:
    shown = centres(interpolation(Flat(("a", "b"))))
    assert shown.tolist() == [[50 + label + step for step in range(COLUMNS)] for label in range(2)]


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


REPORT = {
    "metrics": {
        "generator": {"fid_classifier": {"mean": 12.3456, "sd": 0.5}, "recall_classifier": {"mean": 0.5}},
        "held_out": {"fid_classifier": {"mean": 3.0}, "agreement_classifier": {"mean": 0.98}},
        "classifier": {"accuracy_validation": 0.97, "accuracy_held_out": 0.98},
    },
    "protocol": {"features": "classifier", "weights": "ab" * 32, "n": 10, "reference": "train", "seeds": [1, 2]},
}


def test_the_console_shows_mean_sd_floor_and_what_is_absent() -> None:
    console = Console(width=100, file=io.StringIO(), record=True)
    console.print(console_table(REPORT))
    lines = {line.split()[1]: line.split() for line in console.export_text().splitlines() if "_classifier" in line}
    assert lines["fid_classifier"][1:-1] == ["fid_classifier", "│", "12.35", "±", "0.5", "│", "3"]
    assert lines["agreement_classifier"][1:-1] == ["agreement_classifier", "│", "–", "│", "0.98"]
    assert lines["recall_classifier"][1:-1] == ["recall_classifier", "│", "0.5", "│", "–"]


def test_the_protocol_is_told_in_one_line() -> None:
    assert protocol_line(REPORT) == (
        "features classifier, weights abababababab, n 10, reference train, seeds 1 2, "
        "classifier's accuracy on validation 0.97, classifier's accuracy on held_out 0.98"
    )
