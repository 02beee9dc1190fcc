"""What judges: made before any training, so that features that cannot be had stop a run at its beginning.

A classifier is stored whole. Of pretrained networks only the name and the weights' sha256 are: their file lies
elsewhere on every machine.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from ganops.config import EvaluationParameters
from ganops.data.progress import Progress, no_progress
from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.extractors import classifier, coordinates, stacked_digits
from ganops.extractors.base import FeatureExtractor
from ganops.extractors.classifier import DESCRIPTION, WEIGHTS, Classifier, ClassifierDescription, damaged
from ganops.extractors.coordinates import Coordinates, CoordinatesDescription, fit_coordinates
from ganops.extractors.efficientnet import EfficientNetLite0
from ganops.extractors.inception import Inception
from ganops.extractors.stacked_digits import StackedDigits, StackedDigitsDescription, train_stacked_digits
from ganops.extractors.train_classifier import train_classifier
from ganops.extractors.weights import (
    EFFICIENTNET_LITE0,
    INCEPTION,
    found_or_downloaded,
    packaged_efficientnet,
    read_weights,
)
from ganops.parameters import describe_first_error
from ganops.sealed_json import Sha256, StrictModel, load_object, seal, without_seal

FORMAT = "ganops-pretrained-3"
_STORE_FILE = "store.json"
PretrainedKind = Literal["inception", "efficientnet_lite0"]


@dataclass(frozen=True)
class Pretrained:
    """Which network of ImageNet judges, and by which weights; not where they lie."""

    name: PretrainedKind
    weights_sha256: str

    def files(self) -> dict[str, bytes]:
        """All that `restore` needs, by file name."""
        return {DESCRIPTION: seal({"format": FORMAT, **asdict(self)}).encode()}


class _PretrainedDescription(StrictModel):
    format: Literal["ganops-pretrained-3"]
    name: PretrainedKind
    weights_sha256: Sha256


_Description = Annotated[
    ClassifierDescription | StackedDigitsDescription | CoordinatesDescription | _PretrainedDescription,
    Field(discriminator="format"),
]
_FORMATS = (classifier.FORMAT, stacked_digits.FORMAT, coordinates.FORMAT, FORMAT)
_DESCRIPTIONS: TypeAdapter[_Description] = TypeAdapter(_Description)


class _StoreFile(StrictModel):
    store_sha256: Sha256
    parameters: dict[str, int | float]


Judge = Classifier | StackedDigits | Coordinates | Pretrained


@dataclass(frozen=True)
class StoredExtractor:
    """A judge with what it was made from: the digest of the store, and the parameters that shaped its weights."""

    judge: Judge
    store_sha256: str
    parameters: Mapping[str, int | float]

    def made_from(self, store: Store, parameters: EvaluationParameters) -> Judge:
        """Return the judge; MetricError where it was made from another store, or by other parameters, than these."""
        if self.store_sha256 != store.digest():
            raise MetricError(
                "the judge",
                expected=f"one made from the data in {store.path}, of sha256 {store.digest():.12}",
                received=f"one made from data of sha256 {self.store_sha256:.12}",
                remedy="Build it again, with the same --env and --params: kedro run --from-nodes build_extractor.",
            )
        wanted = shaping_parameters(parameters) if self.judge.name == parameters.features else {}
        for name, value in wanted.items():
            if self.parameters.get(name) != value:
                raise MetricError(
                    "the judge",
                    expected=f"one made with evaluation.{name}={value}",
                    received=f"one made with {self.parameters.get(name)}",
                    remedy="Make it with the same --env and --params: kedro run --from-nodes build_extractor.",
                )
        return self.judge

    def files(self) -> dict[str, bytes]:
        """Return all that `restore_stored` needs, by file name."""
        return self.judge.files() | {
            _STORE_FILE: seal({"store_sha256": self.store_sha256, "parameters": dict(self.parameters)}).encode()
        }


def shaping_parameters(parameters: EvaluationParameters) -> dict[str, int | float]:
    """Return the parameters below `evaluation` that shape the weights of a judge; none where nothing is trained."""
    if parameters.features not in ("classifier", "stacked_digits"):
        return {}
    trained = {f"classifier.{name}": value for name, value in parameters.classifier.model_dump().items()}
    return {"threads": parameters.threads, **trained}


def build_extractor(store: Store, parameters: EvaluationParameters, progress: Progress = no_progress) -> Judge:
    """The classifier of the data, trained now; or the pretrained network, its weights found and checked now.

    Args:
        progress: wraps the classifier's training steps; shows them go by.

    Raises:
        MetricError: data or parameters by which nothing can be judged, or weights that cannot be had.
    """
    if parameters.features == "coordinates":
        return fit_coordinates(store)
    if parameters.features == "classifier":
        return train_classifier(store, parameters.classifier, parameters.threads, progress)
    if parameters.features == "stacked_digits":
        return train_stacked_digits(store, parameters.classifier, parameters.threads, progress)
    return Pretrained(parameters.features, _open(parameters.features, parameters).digest)


def open_extractor(judge: Judge, parameters: EvaluationParameters) -> FeatureExtractor:
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


def restore_stored(files: Mapping[str, bytes]) -> StoredExtractor:
    """Restore what `StoredExtractor.files` gave; MetricError where it is something else."""
    judge = restore(files)
    try:
        made_from = _StoreFile.model_validate(without_seal(load_object(files[_STORE_FILE])))
    except (KeyError, ValueError) as error:
        raise damaged(f"a whole {_STORE_FILE}", f"{type(error).__name__}: {error}") from None
    return StoredExtractor(judge, made_from.store_sha256, made_from.parameters)


def restore(files: Mapping[str, bytes]) -> Judge:
    """What `files()` gave; MetricError where it is something else."""
    try:
        values = load_object(files[DESCRIPTION])
        if values.get("format") not in _FORMATS:
            raise ValueError(f"format {values.get('format')!r:.40}, where one of {', '.join(_FORMATS)} is wanted")
        description = _DESCRIPTIONS.validate_json(json.dumps(without_seal(values)), strict=True)
        return _restore(description, files)
    except KeyError as error:
        raise damaged(f"a file {error.args[0]}", "none") from None
    except ValidationError as error:
        raise damaged(*describe_first_error(error)) from None
    except ValueError as error:
        raise damaged(f"{DESCRIPTION} and what it names", str(error)) from None


def _restore(description: _Description, files: Mapping[str, bytes]) -> Judge:
    match description:
        case ClassifierDescription():
            return classifier.restore(description, files[WEIGHTS])
        case StackedDigitsDescription():
            return stacked_digits.restore(description, files[WEIGHTS])
        case CoordinatesDescription():
            return coordinates.restore(description)
        case _PretrainedDescription():
            return Pretrained(description.name, description.weights_sha256)


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
        remedy="Make it with these parameters: kedro run --nodes build_extractor.",
    )
