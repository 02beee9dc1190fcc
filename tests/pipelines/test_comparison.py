"""Variants are trained and judged alike, each in a child run, and go on where they were ended."""

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from ganops.bundle import Bundle
from ganops.config import ComparisonParameters, TrainingParameters
from ganops.data.store import Store
from ganops.errors import ConfigurationError, TrainingError
from ganops.extractors.build import StoredExtractor, shaping_parameters
from ganops.extractors.classifier import Classifier
from ganops.pipeline_registry import register_pipelines
from ganops.pipelines.comparison import variants
from ganops.pipelines.comparison.nodes import compare_variants, draw_comparison_curves
from ganops.tracking.child_runs import PARENT, list_children
from ganops.tracking.variant_runs import read_fingerprints, read_training_seconds

from .. import parameters as of_base
from ..bars import CLASSES, classifier, parameters, store, store_of
from ..tracking.conftest import client, experiment_id, made_store

__all__ = ["classifier", "client", "experiment_id", "made_store", "parameters", "store"]  # fixtures

EVALUATION = of_base.evaluation(seeds=(1, 2), nearest_neighbours=3, kid_subset_size=20, kid_subsets=5, threads=1)
TRAINING = TrainingParameters.parse(
    {"recipe": "dcgan", "total_images": 48, "threads": 1, "batch": 8, "width": 4, "latent_dimension": 5}
)
VARIANTS: dict[str, Any] = {"plain": {}, "hot": {"learning_rate": 0.01}, "vae": {"recipe": "vae"}}


@pytest.fixture
def parent(client: MlflowClient, experiment_id: str) -> Any:
    """The active run."""
    run = client.create_run(experiment_id, run_name="comparison")
    mlflow.set_tracking_uri(client.tracking_uri)  # a session before may have led it elsewhere
    with mlflow.start_run(run_id=run.info.run_id):
        yield run.info.run_id


def compared(store: Store, judge: Classifier, folder: Path, **changed: Any) -> tuple[Any, ...]:
    comparison = ComparisonParameters.parse({"variants": VARIANTS, "seeds": None} | changed)
    return compare_variants(
        store,
        StoredExtractor(judge, store.digest(), shaping_parameters(EVALUATION)),
        TRAINING,
        EVALUATION,
        comparison,
        folder,
    )


def by_variant(client: MlflowClient, parent: str) -> dict[str, Run]:
    return {run.data.tags["variant"]: run for run in list_children(client, parent)}


def test_it_prepares_what_it_needs_and_is_no_part_of_the_whole_run() -> None:
    pipelines = register_pipelines()
    assert not {"compare", "draw_comparison_curves"} & {node.name for node in pipelines["__default__"].nodes}
    assert [node.name for node in pipelines["comparison"].nodes][:3] == ["prepare", "build_extractor", "compare"]


def test_a_row_a_variant_and_a_child_run_each(
    client: MlflowClient, parent: str, store: Store, classifier: Classifier, tmp_path: Path
) -> None:
    reports, table, curves, samples = compared(store, classifier, tmp_path)
    assert list(table["variant"]) == ["plain", "hot", "vae", "real (floor)"]
    assert list(table["images_seen"][:3]) == [48, 48, 48] and "lost" not in table
    for name, row in zip(VARIANTS, table.itertuples(), strict=False):
        estimate = reports[name]["metrics"]["generator"]["fid_classifier"]
        assert (row.fid_classifier, row.fid_classifier_sd) == (estimate["mean"], estimate["sd"])
    assert len({report["protocol"]["weights"] for report in reports.values()}) == 1
    assert (samples.mode, draw_comparison_curves(curves).mode) == ("L", "RGB")
    runs = by_variant(client, parent)
    assert set(runs) == set(VARIANTS)
    for name, run in runs.items():
        assert (run.info.status, run.info.run_name, run.data.tags[PARENT]) == ("FINISHED", name, parent)
        assert (
            run.data.metrics["eval/fid_classifier"] == reports[name]["metrics"]["generator"]["fid_classifier"]["mean"]
        )
        points = client.get_metric_history(run.info.run_id, "curve/fid_classifier")
        assert [point.value for point in points] == list(curves[f"fid_classifier/{name}"].dropna())
        assert run.data.params["settings.total_images"] == "48" and "protocol.n" in run.data.params
        assert {"bundle", "samples.png", "images"} <= {found.path for found in client.list_artifacts(run.info.run_id)}
    assert runs["hot"].data.params["training.learning_rate"] == "0.01"
    assert client.get_run(parent).data.metrics == {}
    assert set(read_training_seconds(client, parent)) == set(VARIANTS)
    trained = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert set(read_fingerprints(client, parent).values()) == trained and len(trained) == 3


def test_the_last_point_of_a_curve_is_the_reports_value_for_its_seed(
    store: Store, classifier: Classifier, tmp_path: Path
) -> None:
    """Without any run, too."""
    reports, _, curves, _ = compared(store, classifier, tmp_path, variants={"plain": {}})
    one_seed = EVALUATION.model_copy(update={"seeds": (1,)})
    comparison = ComparisonParameters.parse({"variants": {"plain": {}}, "seeds": None})
    judge = StoredExtractor(classifier, store.digest(), shaping_parameters(EVALUATION))
    alone, *_ = compare_variants(store, judge, TRAINING, one_seed, comparison, tmp_path)
    assert curves["images_seen"].iloc[-1] == reports["plain"]["images_seen"] == 48
    last = alone["plain"]["metrics"]["generator"]["fid_classifier"]["mean"]
    assert curves["fid_classifier/plain"].iloc[-1] == last


def test_a_comparison_that_was_ended_goes_on_in_the_same_runs(
    client: MlflowClient,
    parent: str,
    store: Store,
    classifier: Classifier,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    launch = variants.launch_training

    def interrupted(store: Store, parameters: TrainingParameters, *others: Any) -> Any:
        if parameters.recipe == "vae":
            raise KeyboardInterrupt
        return launch(store, parameters, *others)

    monkeypatch.setattr(variants, "launch_training", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compared(store, classifier, tmp_path / "ended")
    monkeypatch.setattr(variants, "launch_training", launch)
    before = by_variant(client, parent)
    assert {name: run.info.status for name, run in before.items()} == {
        "plain": "FINISHED",
        "hot": "FINISHED",
        "vae": "KILLED",
    }
    resumed = compared(store, classifier, tmp_path / "ended")
    after = by_variant(client, parent)
    assert {name: run.info.run_id for name, run in after.items()} == {
        name: run.info.run_id for name, run in before.items()
    }
    assert len(list_children(client, parent)) == 3 and {run.info.status for run in after.values()} == {"FINISHED"}
    assert after["plain"].data.tags["resumed_at_images"] == "48", "trained once"
    for name in VARIANTS:
        steps = [point.step for point in client.get_metric_history(after[name].info.run_id, "curve/fid_classifier")]
        assert steps == sorted(set(steps))
    whole = compared(store, classifier, tmp_path / "whole")
    assert resumed[0] == whole[0] and resumed[1].to_csv() == whole[1].to_csv()
    assert (np.asarray(resumed[3]) == np.asarray(whole[3])).all()


def test_a_lost_game_is_a_row_and_not_the_end(
    client: MlflowClient,
    parent: str,
    store: Store,
    classifier: Classifier,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    launch, lost = variants.launch_training, {0.01}

    def losing(store: Store, parameters: TrainingParameters, *others: Any) -> Any:
        if parameters.learning_rate in lost or parameters.recipe in lost:
            raise TrainingError("a game", expected="a healthy one", received="loss nan", remedy="Lower the rate.")
        return launch(store, parameters, *others)

    monkeypatch.setattr(variants, "launch_training", losing)
    reports, table, curves, _ = compared(store, classifier, tmp_path)
    assert list(table["lost"].notna()) == [False, True, False, False]
    assert "loss nan" in reports["hot"]["lost"] and table["fid_classifier"].isna().tolist() == [
        False,
        True,
        False,
        False,
    ]
    assert not [name for name in curves.columns if name.endswith("/hot")]
    status = {name: run.info.status for name, run in by_variant(client, parent).items()}
    assert status == {"plain": "FINISHED", "hot": "FAILED", "vae": "FINISHED"}
    lost |= {"dcgan", "vae"}
    with pytest.raises(TrainingError, match="a variant whose game is not lost"):
        compared(store, classifier, tmp_path)


def test_each_variant_is_trained_with_each_seed(store: Store, classifier: Classifier, tmp_path: Path) -> None:
    reports, table, *_ = compared(store, classifier, tmp_path, variants={"plain": {}}, seeds=(0, 1))
    assert list(reports) == ["plain, seed 0", "plain, seed 1"]
    assert list(table["variant"]) == ["plain", "plain", "real (floor)"] and list(table["seed"][:2]) == [0, 1]
    assert table["fid_classifier"][0] != table["fid_classifier"][1]


def test_a_variant_that_this_data_cannot_have_is_told_before_any_is_trained(
    classifier: Classifier, tmp_path: Path
) -> None:
    unlabelled = store_of(tmp_path / "store", ())
    for changed, subject in (
        ({"recipe": "vea"}, r"comparison\.variants\.odd: training\.recipe: expected one of .*Did you mean vae\?"),
        ({"recipe": "vae", "r1_gamma": 1.0}, r"comparison\.variants\.odd: training\.r1_gamma"),
        ({"conditional": True}, r"comparison\.variants\.odd: training\.conditional: expected a store with labels"),
    ):
        with pytest.raises(ConfigurationError, match=subject):
            compared(unlabelled, classifier, tmp_path / "scratch", variants={"plain": {}, "odd": changed})
    assert not (tmp_path / "scratch").exists()


def test_a_childs_bundle_is_the_generator_that_was_judged(
    client: MlflowClient, parent: str, store: Store, classifier: Classifier, tmp_path: Path
) -> None:
    compared(store, classifier, tmp_path / "scratch", variants={"plain": {}})
    (run,) = list_children(client, parent)
    bundle = Bundle.load(client.download_artifacts(run.info.run_id, "bundle", str(tmp_path)))
    assert bundle.settings.recipe == "dcgan" and bundle.classes == CLASSES
