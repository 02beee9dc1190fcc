"""Completions of another program, in holes that an evaluation wrote as files."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganops.bundle import Bundle, BundleData
from ganops.data.preparation import prepare
from ganops.data.sources.gaussians import gaussians_25
from ganops.data.store import Store
from ganops.errors import ConfigurationError, MetricError
from ganops.evaluation.evaluator import make_evaluator
from ganops.evaluation.external_completions import choose_rows, evaluate_completions, name_files, read_completions
from ganops.evaluation.paired import Pairing
from ganops.evaluation.report import PairedProtocol, Report
from ganops.extractors.classifier import Classifier
from ganops.games.request import GenerationRequest
from ganops.kedro_datasets.views_dataset import ViewsDataset
from ganops.networks.build import build_networks
from ganops.pipelines.evaluate_samples.nodes import evaluate_external_samples
from ganops.reporting.views import ViewSource, draw_views

from .. import parameters as of_base

N = 12
PARAMETERS = of_base.evaluation(seeds=(1,), nearest_neighbours=3, kid_subset_size=10, kid_subsets=2, threads=1, n=N)


@pytest.fixture
def bundle(store: Store, tmp_path: Path) -> Bundle:
    spec = of_base.images(1, *store.fields["image"].shape[1:])
    settings = of_base.resolve_settings("completion", spec, base_channels=2, mask="mixed")
    networks = {"generator": build_networks(settings)["generator"]}
    BundleData(settings, networks, (), (), "f1" * 16, "5d" * 32).save(tmp_path / "bundle")
    return Bundle.load(tmp_path / "bundle")


@pytest.fixture
def views(bundle: Bundle, store: Store, classifier: Classifier, tmp_path: Path) -> Path:
    source = ViewSource(bundle, store, classifier, 1, N)
    dataset = ViewsDataset(filepath=str(tmp_path / "views"), frames_per_second=20)
    dataset.save(draw_views("image", ("masks", "with_holes"), source))
    return tmp_path / "views"


def unpack(archive: Path, folder: Path) -> Path:
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder)
    return folder


def complete(bundle: Bundle, views: Path, folder: Path, suffix: str = "png") -> Path:
    """Do what another program does: it knows nothing but the two archives."""
    masks, pictures = unpack(views / "masks.zip", folder / "m"), unpack(views / "with_holes.zip", folder / "p")
    (folder / "done").mkdir()
    for path in pictures.iterdir():
        image = torch.from_numpy(np.asarray(Image.open(path)).copy())[None, None]
        mask = torch.from_numpy(np.asarray(Image.open(masks / path.name)).copy())[None, None]
        conditions = {"image": image / 127.5 - 1, "mask": (mask == 255).float()}
        (done,) = bundle.generate(GenerationRequest(n=1), conditions).values
        Image.fromarray(done[0].numpy()).save(folder / "done" / f"{path.stem}.{suffix}")
    return folder / "done"


def report_on(folder: Path, views: Path, store: Store, classifier: Classifier) -> Report:
    completions = read_completions(folder, views / "masks.zip", store, N)
    return evaluate_completions(completions, store, classifier, PARAMETERS)


def test_the_files_have_the_holes_of_the_evaluation(bundle: Bundle, views: Path, store: Store, tmp_path: Path) -> None:
    rows = choose_rows(store, N)
    pairing = Pairing.of(bundle.game)
    assert pairing is not None and len(rows) == N
    conditions = pairing.read_conditions(store, rows)
    masks, pictures = unpack(views / "masks.zip", tmp_path / "m"), unpack(views / "with_holes.zip", tmp_path / "p")
    assert sorted(path.name for path in masks.iterdir()) == name_files(rows)
    for name, mask, original in zip(
        name_files(rows), conditions["mask"][:, 0], store.read("image", rows)[:, 0], strict=True
    ):
        hole = mask.numpy() > 0
        np.testing.assert_array_equal(np.asarray(Image.open(masks / name)) == 255, hole)
        shown = np.asarray(Image.open(pictures / name))
        assert (shown[~hole] == original[~hole]).all() and set(shown[hole]) == {128}


def test_a_generator_is_measured_through_files_as_it_is_itself(
    bundle: Bundle, views: Path, store: Store, classifier: Classifier, tmp_path: Path
) -> None:
    """Every metric of the report, with those of the baselines, is the same number."""
    inside = make_evaluator(store, classifier, PARAMETERS).evaluate(bundle, pairing=Pairing.of(bundle.game))
    outside = report_on(complete(bundle, views, tmp_path), views, store, classifier)
    assert outside.metrics == inside.metrics and outside.subject == "samples"
    assert {"l1_hole", "psnr_hole", "ssim", "perceptual_efficientnet_lite0", "fid_biharmonic"} <= set(outside.metrics)
    assert isinstance(outside.protocol, PairedProtocol)
    assert outside.protocol.conditions.startswith("masks of files ")
    assert Report.from_json(outside.to_json()).metrics == outside.metrics


def test_equal_masks_are_equal_bytes(views: Path, bundle: Bundle, store: Store, classifier: Classifier) -> None:
    written = {path.name: path.read_bytes() for path in views.iterdir()}
    source = ViewSource(bundle, store, classifier, 1, N)
    ViewsDataset(filepath=str(views), frames_per_second=20).save(draw_views("image", ("masks", "with_holes"), source))
    assert {path.name: path.read_bytes() for path in views.iterdir()} == written


def test_missing_and_other_files_are_named(
    bundle: Bundle, views: Path, store: Store, classifier: Classifier, tmp_path: Path
) -> None:
    done = complete(bundle, views, tmp_path)
    first, second, *_ = name_files(choose_rows(store, N))
    Image.new("L", (5, 5)).save(done / second)
    with pytest.raises(MetricError, match=rf"evaluation\.samples, {second}: .*5 × 5 pixels, where the pictures have"):
        report_on(done, views, store, classifier)
    (done / second).unlink()
    with pytest.raises(MetricError, match=rf"evaluation\.samples, .*received none for {second}\."):
        report_on(done, views, store, classifier)
    masks = tmp_path / "m"
    Image.fromarray(np.zeros(store.fields["image"].shape[1:], dtype=np.uint8)).save(masks / first)
    with pytest.raises(MetricError, match=rf"evaluation\.masks, {first}: .*black alone: there is no hole"):
        read_completions(done, masks, store, N)


def test_two_files_of_one_picture_are_named(
    bundle: Bundle, views: Path, store: Store, classifier: Classifier, tmp_path: Path
) -> None:
    done = complete(bundle, views, tmp_path)
    first, *_ = name_files(choose_rows(store, N))
    (done / "again").mkdir()
    (done / "again" / first).write_bytes((done / first).read_bytes())
    with pytest.raises(MetricError, match=rf"evaluation\.samples, .*one file for each picture, received .*{first}"):
        report_on(done, views, store, classifier)


def test_the_node_reads_masks_where_they_are_named(bundle: Bundle, views: Path, store: Store, tmp_path: Path) -> None:
    classifier = {"total_images": 300, "batch": 30, "width": 2, "dimension": 4, "translation": 0}
    changed = {name: getattr(PARAMETERS, name) for name in ("seeds", "threads", "kid_subset_size", "kid_subsets", "n")}
    parameters = of_base.evaluation(
        **changed,
        classifier=of_base.base_values("evaluation")["classifier"] | classifier,
        samples=str(complete(bundle, views, tmp_path)),
        masks=str(views / "masks.zip"),
    )
    report, table = evaluate_external_samples(store, parameters)
    assert "l1_hole" in report.metrics and "l1_hole_biharmonic" in set(table["metric"])


def test_masks_without_completions_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"evaluation\.masks: expected null without evaluation\.samples"):
        of_base.evaluation(masks="masks")


def test_data_without_pictures_have_no_holes(tmp_path: Path) -> None:
    prepare(gaussians_25(), of_base.data_preparation(limit=100))[0].write(tmp_path / "store")
    with pytest.raises(MetricError, match=r"evaluation\.masks: expected null, since the store has no pictures but"):
        read_completions(tmp_path, tmp_path, Store.open(tmp_path / "store"), None)
