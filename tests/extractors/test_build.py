"""The feature extractor is built before training, saved, and opened again."""

from pathlib import Path
from typing import get_args

import pytest
import torch
from kedro.io import DatasetError

from ganops.config import FEATURE_FIELDS, FeatureKind, FieldName
from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.extractors.build import EXTRACTORS, Pretrained, StoredExtractor, build_extractor, training_parameters
from ganops.extractors.classifier import Classifier
from ganops.extractors.efficientnet import EfficientNetLite
from ganops.extractors.weights import EFFICIENTNET_LITE0
from ganops.kedro_datasets.feature_extractor_dataset import FeatureExtractorDataset
from ganops.sealed_json import load_object, seal, without_seal

from .. import parameters as of_base

PARAMETERS = of_base.evaluation(features="efficientnet_lite0", threads=1)


def test_pretrained_extractor_is_saved_as_the_digest_of_its_weights(unlabelled: Store, tmp_path: Path) -> None:
    dataset = FeatureExtractorDataset(str(tmp_path / "feature_extractor"))
    dataset.save(build_extractor(unlabelled, PARAMETERS))
    description, store = sorted((tmp_path / "feature_extractor").iterdir())
    assert without_seal(load_object(store.read_bytes())) == {"store_sha256": unlabelled.digest(), "parameters": {}}
    assert without_seal(load_object(description.read_bytes())) == {
        "format": "ganops-efficientnet-lite0-3",
        "weights_sha256": EFFICIENTNET_LITE0.sha256,
    }
    extractor = dataset.load().open(unlabelled, PARAMETERS)
    assert isinstance(extractor, EfficientNetLite)
    assert extractor.digest == EFFICIENTNET_LITE0.sha256


def test_extractor_of_another_store_is_refused(classifier: Classifier, store: Store, unlabelled: Store) -> None:
    trained = of_base.evaluation()
    feature_extractor = StoredExtractor(classifier, store.digest(), training_parameters(trained))
    assert feature_extractor.open(store, trained) is classifier
    with pytest.raises(
        MetricError, match=rf"of sha256 {unlabelled.digest()[:12]}, .*{store.digest()[:12]}.*build_extractor"
    ):
        feature_extractor.open(unlabelled, trained)


def test_extractor_of_other_parameters_is_refused(classifier: Classifier, store: Store) -> None:
    trained = of_base.evaluation()
    feature_extractor = StoredExtractor(classifier, store.digest(), training_parameters(trained))
    wider = trained.model_copy(update={"classifier": trained.classifier.model_copy(update={"width": 7})})
    with pytest.raises(MetricError, match=r"built with evaluation\.classifier\.width=7, .*build_extractor"):
        feature_extractor.open(store, wider)
    # A parameter that changes no weight may differ.
    assert feature_extractor.open(store, trained.model_copy(update={"seeds": (9,)})) is classifier


def test_another_extractor_than_selected_is_refused(classifier: Classifier, store: Store) -> None:
    with pytest.raises(
        MetricError, match=r"expected efficientnet_lite0, .*received classifier.*--nodes build_extractor"
    ):
        StoredExtractor(classifier, store.digest(), {}).open(store, PARAMETERS)
    with pytest.raises(MetricError, match="the feature extractor: expected efficientnet_lite0 of sha256 0000"):
        StoredExtractor(Pretrained("efficientnet_lite0", "0000"), store.digest(), {}).open(store, PARAMETERS)


def test_every_kind_of_features_has_an_extractor_of_a_known_field() -> None:
    assert set(EXTRACTORS) == set(FEATURE_FIELDS) == set(get_args(FeatureKind))
    assert set(FEATURE_FIELDS.values()) == set(get_args(FieldName))
    assert len({kind.format for kind in EXTRACTORS.values()}) == len(EXTRACTORS)


@pytest.mark.parametrize("features", ["classifier", "efficientnet_lite0"])
def test_extractor_declares_the_field_and_the_format_of_its_kind(
    store: Store, classifier: Classifier, features: FeatureKind
) -> None:
    built = StoredExtractor(classifier, store.digest(), training_parameters(of_base.evaluation()))
    if features != "classifier":
        built = build_extractor(store, PARAMETERS)
    parameters = of_base.evaluation(features=features)
    assert built.open(store, parameters).field == FEATURE_FIELDS[features]
    assert load_object(built.files()["extractor.json"])["format"] == EXTRACTORS[features].format


@pytest.mark.parametrize("old", ["ganops-classifier-2", "ganops-pretrained-2", "ganops-coordinates-2", None])
def test_folder_of_an_older_version_names_the_command_that_builds_it(
    old: str | None, classifier: Classifier, tmp_path: Path
) -> None:
    folder = tmp_path / "feature_extractor"
    dataset = FeatureExtractorDataset(str(folder))
    dataset.save(StoredExtractor(classifier, "5d" * 32, {}))
    (folder / "extractor.json").write_text(seal({"format": old}))
    with pytest.raises(DatasetError, match=r"expected a format of this version.*kedro run --nodes build_extractor"):
        dataset.load()


def test_inception_without_its_weights_stops_before_any_training(
    unlabelled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = of_base.evaluation(features="inception", inception_weights=str(tmp_path / "none.pth"))
    with pytest.raises(MetricError, match=r"none\.pth: expected 95628359 bytes of sha256 6726825d.*torch-fidelity's"):
        build_extractor(unlabelled, named)
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    monkeypatch.setattr("ganops.extractors.weights.download_url_to_file", _no_network)
    with pytest.raises(MetricError, match=r"download failed.*Get weights-inception-2015-12-05-\w+\.pth from torch"):
        build_extractor(unlabelled, of_base.evaluation(features="inception"))


def _no_network(*_: object, **__: object) -> None:
    raise OSError("Network is unreachable")
