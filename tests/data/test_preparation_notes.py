"""Notes on how the files were read: in the preparation report, and in the log of its node."""

import logging
from pathlib import Path

import numpy as np
import pytest

from ganops.pipelines.data_preparation.nodes import prepare_data

from .. import parameters as of_base

PICTURES = np.random.default_rng(0).integers(0, 256, (30, 6, 6), np.uint8)
USES = ["arrays that are not used: kinds (30,)", "to train on: x_train (30)", "the test part: x_test (10)"]


@pytest.mark.parametrize("held_out_share", [0.2, None])
def test_unused_arrays_and_a_pooled_test_part_are_noted(
    tmp_path: Path, held_out_share: float | None, caplog: pytest.LogCaptureFixture
) -> None:
    np.savez(tmp_path / "m.npz", x_train=PICTURES, x_test=255 - PICTURES[:10], kinds=np.arange(30) % 2)
    parameters = of_base.data_preparation(source="arrays", held_out_share=held_out_share)
    with caplog.at_level(logging.INFO):
        _, report = prepare_data(tmp_path, parameters)
    pooled = "held_out is drawn from all pictures (data_preparation.held_out_share=0.2); null would hold out the data "
    pooled += "set's own test part of 10"
    assert report["notes"] == (USES if held_out_share is None else [*USES, pooled])
    assert set(report["notes"]) <= set(caplog.messages)
    assert report["splits"]["held_out"]["samples"] == (10 if held_out_share is None else 8)
