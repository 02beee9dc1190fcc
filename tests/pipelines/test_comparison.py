"""Variants are trained and evaluated alike, each in a child run, and an interrupted comparison resumes."""

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from ganops.bundle import Bundle
from ganops.comparison_config import ComparisonParameters
from ganops.data.store import Store
from ganops.errors import ConfigurationError, TrainingError
from ganops.extractors.build import StoredExtractor, training_parameters
from ganops.extractors.classifier import Classifier
from ganops.launch import compare
from ganops.pipeline_registry import register_pipelines
from ganops.pipelines.comparison.nodes import compare_variants, draw_comparison_curves
from ganops.tracking.child_runs import PARENT, list_children
from ganops.tracking.variant_runs import read_fingerprints, read_training_seconds
from ganops.training_config import TrainingParameters

from .. import parameters as of_base
from ..bars import CLASSES, classifier, parameters, store, store_of
from ..tracking.conftest import client, empty_store, experiment_id

__all__ = ["classifier", "client", "empty_store", "experiment_id", "parameters", "store"]  # fixtures

EVALUATION = of_base.evaluation(seeds=(1, 2), nearest_neighbours=3, kid_subset_size=20, kid_subsets=5, threads=1)
TRAINING = of_base.training(total_images=48, threads=1, batch=8, base_channels=4, latent_dimension=5)
VARIANTS: dict[str, Any] = {"plain": {}, "hot": {"learning_rate": 0.01}, "vae": {"recipe": "vae"}}


@pytest.fixture
def parent(client: MlflowClient, experiment_id: str) -> Any:
    """Return the active run."""
    run = client.create_run(experiment_id, run_name="comparison")
    mlflow.set_tracking_uri(client.tracking_uri)  # an earlier session may have set another one
    with mlflow.start_run(run_id=run.info.run_id):
        yield run.info.run_id


def run_comparison(store: Store, classifier: Classifier, folder: Path, **changed: Any) -> tuple[Any, ...]:
    comparison = ComparisonParameters.parse({"variants": VARIANTS, "seeds": None} | changed)
    return compare_variants(
        store,
        StoredExtractor(classifier, store.digest(), training_parameters(EVALUATION)),
        TRAINING,
        EVALUATION,
        comparison,
        folder,
    )


def by_variant(client: MlflowClient, parent: str) -> dict[str, Run]:
    return {run.data.tags["variant"]: run for run in list_children(client, parent)}


def test_comparison_is_a_pipeline_of_its_own() -> None:
    pipelines = register_pipelines()
    assert not {"compare", "draw_comparison_curves"} & {node.name for node in pipelines["__default__"].nodes}
    assert [node.name for node in pipelines["comparison"].nodes][:3] == ["prepare", "build_extractor", "compare"]


def test_each_variant_has_a_row_and_a_child_run(
    client: MlflowClient, parent: str, store: Store, classifier: Classifier, tmp_path: Path
) -> None:
    reports, table, curves, samples = run_comparison(store, classifier, tmp_path)
    assert list(table["variant"]) == ["plain", "hot", "vae", "real (floor)"]
    assert list(table["images_seen"][:3]) == [48, 48, 48] and "failure" not in table
    for name, row in zip(VARIANTS, table.itertuples(), strict=False):
        estimate = reports[name]["report"]["metrics"]["generator"]["fid"]
        assert (row.fid_classifier, row.fid_classifier_sd) == (estimate["mean"], estimate["sd"])
    assert len({result["report"]["protocol"]["weights"] for result in reports.values()}) == 1
    assert (samples.mode, draw_comparison_curves(curves).mode) == ("L", "RGB")
    runs = by_variant(client, parent)
    assert set(runs) == set(VARIANTS)
    for name, run in runs.items():
        assert (run.info.status, run.info.run_name, run.data.tags[PARENT]) == ("FINISHED", name, parent)
        assert run.data.metrics["eval/fid_classifier"] == reports[name]["report"]["metrics"]["generator"]["fid"]["mean"]
        points = client.get_metric_history(run.info.run_id, "curve/fid_classifier")
        assert [point.value for point in points] == list(curves[f"fid_classifier/{name}"].dropna())
        assert run.data.params["settings.budget.total_images"] == "48" and "protocol.n" in run.data.params
        assert {"bundle", "views", "images"} <= {found.path for found in client.list_artifacts(run.info.run_id)}
    assert runs["hot"].data.params["training.learning_rate"] == "0.01"
    assert client.get_run(parent).data.metrics == {}
    assert set(read_training_seconds(client, parent)) == set(VARIANTS)
    trained = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert set(read_fingerprints(client, parent).values()) == trained and len(trained) == 3


def test_curves_end_at_the_value_of_the_report(store: Store, classifier: Classifier, tmp_path: Path) -> None:
    """Outside any run, too."""
    reports, _, curves, _ = run_comparison(store, classifier, tmp_path, variants={"plain": {}})
    one_seed = EVALUATION.model_copy(update={"seeds": (1,)})
    comparison = ComparisonParameters.parse({"variants": {"plain": {}}, "seeds": None})
    extractor = StoredExtractor(classifier, store.digest(), training_parameters(EVALUATION))
    alone, *_ = compare_variants(store, extractor, TRAINING, one_seed, comparison, tmp_path)
    assert curves["images_seen"].iloc[-1] == reports["plain"]["images_seen"] == 48
    last = alone["plain"]["report"]["metrics"]["generator"]["fid"]["mean"]
    assert curves["fid_classifier/plain"].iloc[-1] == last


def test_an_interrupted_comparison_resumes_in_the_same_runs(
    client: MlflowClient,
    parent: str,
    store: Store,
    classifier: Classifier,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    launch = compare.launch_training

    def interrupted(store: Store, parameters: TrainingParameters, **options: Any) -> Any:
        if parameters.recipe == "vae":
            raise KeyboardInterrupt
        return launch(store, parameters, **options)

    monkeypatch.setattr(compare, "launch_training", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_comparison(store, classifier, tmp_path / "interrupted")
    monkeypatch.setattr(compare, "launch_training", launch)
    before = by_variant(client, parent)
    assert {name: run.info.status for name, run in before.items()} == {
        "plain": "FINISHED",
        "hot": "FINISHED",
        "vae": "KILLED",
    }
    resumed = run_comparison(store, classifier, tmp_path / "interrupted")
    after = by_variant(client, parent)
    assert {name: run.info.run_id for name, run in after.items()} == {
        name: run.info.run_id for name, run in before.items()
    }
    assert len(list_children(client, parent)) == 3 and {run.info.status for run in after.values()} == {"FINISHED"}
    assert after["plain"].data.tags["resumed_at_images"] == "48", "trained once"
    for name in VARIANTS:
        steps = [point.step for point in client.get_metric_history(after[name].info.run_id, "curve/fid_classifier")]
        assert steps == sorted(set(steps))
    whole = run_comparison(store, classifier, tmp_path / "whole")
    assert resumed[0] == whole[0] and resumed[1].to_csv() == whole[1].to_csv()
    assert (np.asarray(resumed[3]) == np.asarray(whole[3])).all()


def test_a_failed_training_is_a_row(
    client: MlflowClient,
    parent: str,
    store: Store,
    classifier: Classifier,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    launch, failing = compare.launch_training, {"hot"}

    def fail(store: Store, parameters: TrainingParameters, **options: Any) -> Any:
        if parameters.recipe in failing or ("hot" in failing and parameters.learning_rate is not None):
            raise TrainingError("the training", expected="healthy losses", received="loss nan", remedy="Lower it.")
        return launch(store, parameters, **options)

    monkeypatch.setattr(compare, "launch_training", fail)
    reports, table, curves, _ = run_comparison(store, classifier, tmp_path)
    assert list(table["failure"].notna()) == [False, True, False, False]
    assert "loss nan" in reports["hot"]["failure"] and table["fid_classifier"].isna().tolist() == [
        False,
        True,
        False,
        False,
    ]
    assert not [name for name in curves.columns if name.endswith("/hot")]
    status = {name: run.info.status for name, run in by_variant(client, parent).items()}
    assert status == {"plain": "FINISHED", "hot": "FAILED", "vae": "FINISHED"}
    failing |= {"dcgan", "vae"}
    with pytest.raises(TrainingError, match="The training of every variant failed: plain: "):
        run_comparison(store, classifier, tmp_path)


def test_each_variant_is_trained_with_each_seed(store: Store, classifier: Classifier, tmp_path: Path) -> None:
    reports, table, *_ = run_comparison(store, classifier, tmp_path, variants={"plain": {}}, seeds=(0, 1))
    assert list(reports) == ["plain, seed 0", "plain, seed 1"]
    assert list(table["variant"]) == ["plain", "plain", "real (floor)"] and list(table["seed"][:2]) == [0, 1]
    assert table["fid_classifier"][0] != table["fid_classifier"][1]


def test_an_unresolvable_variant_is_refused_before_any_training(classifier: Classifier, tmp_path: Path) -> None:
    unlabelled = store_of(tmp_path / "store", ())
    for changed, subject in (
        ({"recipe": "vea"}, r"comparison\.variants\.odd: training\.recipe: expected one of .*Did you mean vae\?"),
        ({"recipe": "vae", "game": {"r1_gamma": 1.0}}, r"comparison\.variants\.odd: training\.game\.r1_gamma"),
        ({"conditional": True}, r"comparison\.variants\.odd: training\.conditional: expected a store with labels"),
    ):
        with pytest.raises(ConfigurationError, match=subject):
            run_comparison(unlabelled, classifier, tmp_path / "checkpoints", variants={"plain": {}, "odd": changed})
    assert not (tmp_path / "checkpoints").exists()


def test_a_child_runs_bundle_loads(
    client: MlflowClient, parent: str, store: Store, classifier: Classifier, tmp_path: Path
) -> None:
    run_comparison(store, classifier, tmp_path / "checkpoints", variants={"plain": {}})
    (run,) = list_children(client, parent)
    bundle = Bundle.load(client.download_artifacts(run.info.run_id, "bundle", str(tmp_path)))
    assert bundle.settings.recipe == "dcgan" and bundle.classes == CLASSES


@pytest.mark.parametrize(
    "variants, received",
    [
        (
            {"small": {"recipe": "completion"}, "large": {"recipe": "completion", "game": {"coverage": 0.5}}},
            "small: the field image, masks centre of coverage 0.25; large: .*of coverage 0.5",
        ),
        ({"dcgan": {}, "completion": {"recipe": "completion"}}, "dcgan: noise; completion: the field image, masks"),
    ],
)
def test_generators_from_unlike_conditions_are_not_compared(
    store: Store, variants: dict[str, Any], received: str
) -> None:
    trainings = ComparisonParameters.parse({"variants": variants, "seeds": None}).trainings(of_base.training())
    with pytest.raises(ConfigurationError, match=received):
        compare.check_variants(store, trainings)


def test_generators_from_equal_conditions_are_compared(store: Store) -> None:
    variants = {"one": {"recipe": "completion"}, "other": {"recipe": "completion", "game": {"l1_weight": 1.0}}}
    trainings = ComparisonParameters.parse({"variants": variants, "seeds": None}).trainings(of_base.training())
    compare.check_variants(store, trainings)
