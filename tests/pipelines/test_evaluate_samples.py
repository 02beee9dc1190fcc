"""The evaluation of external samples, from parameters to report."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganops.errors import MetricError
from ganops.evaluation.report import SamplesProtocol
from ganops.pipeline_registry import register_pipelines
from ganops.pipelines.evaluate_samples.nodes import evaluate_external_samples

from .. import parameters as of_base
from ..bars import CLASSES, bars, store_of

FEW = {"seeds": (1,), "threads": 1, "kid_subset_size": 20, "kid_subsets": 5}
CLASSIFIER = {"total_images": 300, "batch": 30, "width": 2, "dimension": 4, "translation": 0}


def test_it_is_no_part_of_the_whole_run_and_needs_no_generator() -> None:
    pipelines = register_pipelines()
    assert not set(pipelines["evaluate_samples"].nodes) & set(pipelines["__default__"].nodes)
    assert pipelines["evaluate_samples"].inputs() == {"store", "params:evaluation"}


def test_a_folder_becomes_a_report_and_its_table(tmp_path: Path) -> None:
    store = store_of(tmp_path / "store", CLASSES)
    for row, picture in enumerate(bars(np.arange(50) % 4, seed=3)):
        path = tmp_path / "pictures" / CLASSES[row % 4] / f"{row:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture[:, :, 0]).save(path)
    classifier = of_base.base_values("evaluation")["classifier"] | CLASSIFIER
    report, table = evaluate_external_samples(
        store, of_base.evaluation(**FEW, classifier=classifier, samples=str(tmp_path / "pictures"))
    )
    assert isinstance(report.protocol, SamplesProtocol)
    assert (report.protocol.samples_given, report.protocol.n) == (50, 40)
    assert set(report.metrics) == set(report.held_out)
    assert list(table["subject"].unique()) == ["samples", "held_out"]
    with pytest.raises(MetricError, match="Name it: kedro run --pipelines evaluate_samples"):
        evaluate_external_samples(store, of_base.evaluation())
