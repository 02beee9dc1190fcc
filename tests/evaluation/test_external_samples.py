"""Pictures of another program, evaluated like those of a generator."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.evaluation.external_samples import evaluate_samples, read_samples
from ganops.evaluation.report import Report
from ganops.extractors.classifier import Classifier

from .. import parameters as of_base

PARAMETERS = of_base.evaluation(seeds=(1, 2), nearest_neighbours=3, kid_subset_size=20, kid_subsets=5, threads=1)


def write(store: Store, folder: Path, by_class: bool = False, **options: Any) -> Path:
    """Return the held-out pictures of a grey store as files, in their order."""
    indices = store.indices("held_out")
    labels = store.read("label", indices)
    for row, (picture, label) in enumerate(zip(store.read("image", indices), labels, strict=True)):
        path = folder / (store.classes[label] if by_class else "") / f"{row:03d}.{'jpg' if options else 'png'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture[0]).save(path, **options)
    return folder


def evaluated(store: Store, classifier: Classifier, folder: Path, **changed: Any) -> Report:
    parameters = PARAMETERS.model_copy(update=changed)
    return evaluate_samples(read_samples(folder, store, "image"), store, classifier, parameters)


def test_held_out_pictures_reach_the_floor_exactly(store: Store, classifier: Classifier, tmp_path: Path) -> None:
    report = evaluated(store, classifier, write(store, tmp_path))
    floor = {name: value.mean for name, value in report.held_out.items() if not name.startswith("class_accuracy")}
    assert {name: value.mean for name, value in report.metrics.items()} == floor
    assert {value.sd for value in report.metrics.values()} == {0.0}
    stored = report.to_json()
    assert set(stored["metrics"]) == {"samples", "held_out"}
    assert (stored["protocol"]["samples_given"], stored["protocol"]["samples_fitted"]) == (40, 0)
    assert set(report.table()["subject"]) == {"samples", "held_out"}


def test_jpegs_of_low_quality_are_worse(store: Store, classifier: Classifier, tmp_path: Path) -> None:
    report = evaluated(store, classifier, write(store, tmp_path, quality=30))
    assert report.metrics["fid"].mean > 1.5 * report.held_out["fid"].mean


def test_folders_of_the_store_s_classes_are_labels(store: Store, classifier: Classifier, tmp_path: Path) -> None:
    report = evaluated(store, classifier, write(store, tmp_path / "right", by_class=True))
    assert report.metrics["class_accuracy"].mean == report.held_out["class_accuracy"].mean
    for name, changed in (("a", "b"), ("b", "a")):
        (tmp_path / "right" / name).rename(tmp_path / "right" / f"new {changed}")
    for name in ("a", "b"):
        (tmp_path / "right" / f"new {name}").rename(tmp_path / "right" / name)
    report = evaluated(store, classifier, tmp_path / "right")
    assert report.metrics["class_accuracy"].mean == pytest.approx(0.5, abs=0.1)
    (tmp_path / "right" / "a").rename(tmp_path / "right" / "something")
    assert "class_accuracy" not in evaluated(store, classifier, tmp_path / "right").metrics


def test_each_seed_draws_others(store: Store, classifier: Classifier, tmp_path: Path) -> None:
    folder = write(store, tmp_path)
    first, again = (evaluated(store, classifier, folder, n=30) for _ in range(2))
    assert first.to_json() == again.to_json()
    assert (first.metrics["fid"].sd or 0.0) > 0
    samples = read_samples(folder, store, "image")
    assert samples.draw(30, 1).values.shape == (30, 1, 9, 10)
    rows = {picture.tobytes(): row for row, picture in enumerate(samples.values)}
    drawn = [[rows[picture.numpy().tobytes()] for picture in samples.draw(30, seed).values] for seed in (1, 2)]
    assert drawn[0] != drawn[1]
    assert all(row == sorted(set(row)) for row in drawn)


def test_other_sizes_and_colours_are_fitted_and_counted(store: Store, tmp_path: Path) -> None:
    Image.new("L", (10, 9), 7).save(tmp_path / "0.png")
    Image.new("RGB", (10, 9), (7, 7, 7)).save(tmp_path / "1.png")
    Image.new("L", (40, 36), 7).save(tmp_path / "2.png")
    samples = read_samples(tmp_path, store, "image")
    assert samples.fitted == 2
    assert samples.labels is None
    np.testing.assert_array_equal(samples.values, np.full((3, 1, 9, 10), 7, np.uint8))


def test_too_few_and_unreadable_pictures_are_refused(store: Store, classifier: Classifier, tmp_path: Path) -> None:
    Image.new("L", (10, 9)).save(tmp_path / "0.png")
    with pytest.raises(MetricError, match=r"evaluation\.samples: expected at least 40 .*received 1\. Generate"):
        evaluated(store, classifier, tmp_path)
    (tmp_path / "1.png").write_bytes(b"no picture")
    with pytest.raises(MetricError, match=r"evaluation\.samples, 1\.png: expected a picture, received not a picture"):
        read_samples(tmp_path, store, "image")
