"""What judges: made before any training, so that features that cannot be had stop a run at its beginning.

A classifier is stored whole. Of pretrained networks only the name and the weights' sha256 are: their file lies
elsewhere on every machine.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from ganops.config import EvaluationParameters
from ganops.data.progress import Progress, unwatched
from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.metrics import classifier, coordinates, stacked_digits
from ganops.metrics.classifier import DESCRIPTION, WEIGHTS, Classifier, damaged
from ganops.metrics.coordinates import Coordinates, fit_coordinates
from ganops.metrics.efficientnet import EfficientNetLite0
from ganops.metrics.features import FeatureExtractor
from ganops.metrics.inception import Inception
from ganops.metrics.judgeable import require_judgeable
from ganops.metrics.stacked_digits import StackedDigits, train_stacked_digits
from ganops.metrics.train_classifier import train_classifier
from ganops.metrics.weights import (
    EFFICIENTNET_LITE0,
    INCEPTION,
    found_or_downloaded,
    packaged_efficientnet,
    read_weights,
)

FORMAT = "ganops-pretrained-1"
PretrainedKind = Literal["inception", "efficientnet_lite0"]


@dataclass(frozen=True)
class Pretrained:
    """Which network of ImageNet judges, and by which weights; not where they lie."""

    name: PretrainedKind
    weights_sha256: str

    def files(self) -> dict[str, bytes]:
        """All that `restore` needs, by file name."""
        return {DESCRIPTION: (json.dumps({"format": FORMAT, **asdict(self)}, indent=2, sort_keys=True) + "\n").encode()}


Judge = Classifier | StackedDigits | Coordinates | Pretrained


def make_judge(store: Store, parameters: EvaluationParameters, progress: Progress = unwatched) -> Judge:
    """The classifier of the data, trained now; or the pretrained network, its weights found and checked now.

    Args:
        progress: wraps the classifier's training steps; shows them go by.

    Raises:
        MetricError: data or parameters by which nothing can be judged, or weights that cannot be had.
    """
    require_judgeable(store, parameters)
    if parameters.features == "coordinates":
        return fit_coordinates(store)
    if parameters.features == "classifier":
        return train_classifier(store, parameters.classifier, parameters.threads, progress)
    if parameters.features == "stacked_digits":
        return train_stacked_digits(store, parameters.classifier, parameters.threads, progress)
    return Pretrained(parameters.features, _open(parameters.features, parameters).digest)


def open_judge(judge: Judge, parameters: EvaluationParameters) -> FeatureExtractor:
    """The judge as a feature extractor.

    Raises:
        MetricError: it is not the one that the parameters ask for, or its weights are gone.
    """
    if judge.name != parameters.features:
        raise _another(judge.name, parameters.features)
    if not isinstance(judge, Pretrained):
        return judge
    extractor = _open(judge.name, parameters)
    if extractor.digest != judge.weights_sha256:
        raise _another(f"{judge.name} of sha256 {judge.weights_sha256}", f"sha256 {extractor.digest}")
    return extractor


def restore(files: Mapping[str, bytes]) -> Judge:
    """What `files()` gave; MetricError where it is something else."""
    try:
        values = json.loads(files[DESCRIPTION])
        if values["format"] == classifier.FORMAT:
            return classifier.restore(values, files[WEIGHTS])
        if values["format"] == stacked_digits.FORMAT:
            return stacked_digits.restore(values, files[WEIGHTS])
        if values["format"] == coordinates.FORMAT:
            return coordinates.restore(values)
        if values["format"] == FORMAT:
            return Pretrained(values["name"], values["weights_sha256"])
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(f"{DESCRIPTION} and what it names", f"{type(error).__name__}: {error}") from None
    known = (classifier.FORMAT, stacked_digits.FORMAT, coordinates.FORMAT, FORMAT)
    raise damaged("one of the formats " + ", ".join(known), repr(values["format"]))


def _open(name: PretrainedKind, parameters: EvaluationParameters) -> FeatureExtractor:
    match name:
        case "efficientnet_lite0":
            return EfficientNetLite0(read_weights(packaged_efficientnet(), EFFICIENTNET_LITE0))
        case "inception":
            path = found_or_downloaded(parameters.inception_weights, INCEPTION)
            return Inception(read_weights(path, INCEPTION))


def _another(found: str, asked: str) -> MetricError:
    return MetricError(
        "the judge",
        expected=f"{asked}, as evaluation.features asks",
        received=found,
        remedy="Make it with these parameters: kedro run --nodes make_judge.",
    )
