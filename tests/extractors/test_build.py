"""What judges is made before training, stored, and opened again."""

from pathlib import Path

import pytest
import torch

from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.extractors.build import Pretrained, StoredExtractor, build_extractor, open_extractor, shaping_parameters
from ganops.extractors.classifier import Classifier
from ganops.extractors.efficientnet import EfficientNetLite0
from ganops.extractors.weights import EFFICIENTNET_LITE0
from ganops.kedro_datasets.feature_extractor_dataset import FeatureExtractorDataset
from ganops.sealed_json import load_object, without_seal

from .. import parameters as of_base

PARAMETERS = of_base.evaluation(features="efficientnet_lite0", threads=1)


def test_a_pretrained_judge_is_its_name_and_digest_and_finds_its_weights_again(
    unlabelled: Store, tmp_path: Path
) -> None:
    made = build_extractor(unlabelled, PARAMETERS)
    dataset = FeatureExtractorDataset(str(tmp_path / "feature_extractor"))
    dataset.save(StoredExtractor(made, unlabelled.digest(), shaping_parameters(PARAMETERS)))
    description, store = sorted((tmp_path / "feature_extractor").iterdir())
    assert without_seal(load_object(store.read_bytes())) == {"store_sha256": unlabelled.digest(), "parameters": {}}
    assert without_seal(load_object(description.read_bytes())) == {
        "format": "ganops-pretrained-3",
        "name": "efficientnet_lite0",
        "weights_sha256": EFFICIENTNET_LITE0.sha256,
    }
    extractor = open_extractor(dataset.load().made_from(unlabelled, PARAMETERS), PARAMETERS)
    assert isinstance(extractor, EfficientNetLite0)
    assert extractor.digest == EFFICIENTNET_LITE0.sha256


def test_a_classifier_is_its_own_extractor(classifier: Classifier) -> None:
    assert open_extractor(classifier, of_base.evaluation()) is classifier


def test_a_judge_of_another_store_is_refused(classifier: Classifier, store: Store, unlabelled: Store) -> None:
    trained = of_base.evaluation()
    feature_extractor = StoredExtractor(classifier, store.digest(), shaping_parameters(trained))
    assert feature_extractor.made_from(store, trained) is classifier
    with pytest.raises(
        MetricError, match=rf"of sha256 {unlabelled.digest()[:12]}, .*{store.digest()[:12]}.*build_extractor"
    ):
        feature_extractor.made_from(unlabelled, trained)


def test_a_judge_of_other_parameters_is_refused(classifier: Classifier, store: Store) -> None:
    trained = of_base.evaluation()
    feature_extractor = StoredExtractor(classifier, store.digest(), shaping_parameters(trained))
    wider = trained.model_copy(update={"classifier": trained.classifier.model_copy(update={"width": 7})})
    with pytest.raises(MetricError, match=r"expected one made with evaluation\.classifier\.width=7, .*build_extractor"):
        feature_extractor.made_from(store, wider)
    # What shapes no weight of it may differ.
    assert feature_extractor.made_from(store, trained.model_copy(update={"seeds": (9,)})) is classifier


def test_another_judge_than_asked_is_refused(classifier: Classifier) -> None:
    with pytest.raises(
        MetricError, match=r"expected efficientnet_lite0, .*received classifier.*--nodes build_extractor"
    ):
        open_extractor(classifier, PARAMETERS)
    with pytest.raises(MetricError, match="received efficientnet_lite0 of sha256 0000"):
        open_extractor(Pretrained("efficientnet_lite0", "0000"), PARAMETERS)


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
