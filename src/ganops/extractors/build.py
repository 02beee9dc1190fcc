"""Build the feature extractor of `evaluation.features`, save it, and restore it.

It is built before training, so that features that cannot be computed stop a run at its start. A classifier is saved
with its weights. A pretrained network is saved as the sha256 of its weights: their file lies elsewhere on each machine.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from ganops.config import FEATURE_FIELDS, FeatureKind, PretrainedKind
from ganops.data.progress import Progress, no_progress
from ganops.data.store import Store
from ganops.errors import MetricError
from ganops.evaluation_config import ClassifierParameters, EvaluationParameters
from ganops.extractors import classifier, coordinates, ngrams, spectrogram_classifier, stacked_digits
from ganops.extractors.base import FeatureExtractor
from ganops.extractors.classifier import DESCRIPTION, WEIGHTS, Classifier, ClassifierDescription, make_damage_error
from ganops.extractors.coordinates import Coordinates, CoordinatesDescription, fit_coordinates
from ganops.extractors.efficientnet import MODELS, EfficientNetLite, EfficientNetModel
from ganops.extractors.inception import Inception
from ganops.extractors.lpips import Lpips, read_lpips
from ganops.extractors.ngrams import Ngrams, NgramsDescription, check_sacrebleu
from ganops.extractors.speaker_encoder import read_speaker_encoder
from ganops.extractors.spectrogram_classifier import (
    SpectrogramClassifierDescription,
    check_labelled_clips,
    train_spectrogram_classifier,
)
from ganops.extractors.stacked_digits import (
    StackedDigits,
    StackedDigitsDescription,
    check_stacked_digits,
    train_stacked_digits,
)
from ganops.extractors.train_classifier import check_classes, train_classifier
from ganops.extractors.weights import INCEPTION, find_or_download, read_packaged_weights, read_weights
from ganops.parameters import describe_first_error
from ganops.sealed_json import Sha256, StrictModel, load_object, seal, without_seal

_STORE_FILE = "store.json"


class _PretrainedDescription(StrictModel):
    format: Literal[
        "ganops-inception-3",
        "ganops-efficientnet-lite0-3",
        "ganops-efficientnet-lite2-3",
        "ganops-speaker-encoder-1",
    ]
    weights_sha256: Sha256


@dataclass(frozen=True)
class Pretrained:
    """The saved form of a pretrained network: its name and the sha256 of its weights, not their path."""

    name: PretrainedKind
    weights_sha256: str

    def files(self) -> dict[str, bytes]:
        """Return all that `restore` needs, by file name."""
        values = {"format": EXTRACTORS[self.name].format, "weights_sha256": self.weights_sha256}
        return {DESCRIPTION: seal(values).encode()}

    def open(self, store: Store, parameters: EvaluationParameters) -> FeatureExtractor:
        """Read the weights; MetricError where they are missing or are others."""
        extractor = _PRETRAINED[self.name](store, parameters)
        if extractor.digest != self.weights_sha256:
            raise _wrong_extractor(f"{self.name} of sha256 {self.weights_sha256}", f"sha256 {extractor.digest}")
        return extractor


SavedExtractor = Classifier | StackedDigits | Coordinates | Ngrams | Pretrained


@dataclass(frozen=True)
class ExtractorKind:
    """A row of EXTRACTORS.

    Attributes:
        format: the format of its extractor.json, unique.
        description: the schema of its extractor.json.
        is_trained: whether the parameters `evaluation.classifier` and `evaluation.threads` determine its weights.
        check: raises MetricError where the data do not suit it.
        build: makes it from the data.
        restore: makes it from its description and its files.
    """

    format: str
    description: type[StrictModel]
    is_trained: bool
    check: Callable[[Store], None]
    build: Callable[[Store, EvaluationParameters, Progress], SavedExtractor]
    restore: Callable[[Any, Mapping[str, bytes]], SavedExtractor]


def _open_efficientnet(model: EfficientNetModel, store: Store, parameters: EvaluationParameters) -> FeatureExtractor:
    return EfficientNetLite(model, read_packaged_weights(model.weights))


def _open_inception(store: Store, parameters: EvaluationParameters) -> FeatureExtractor:
    return Inception(read_weights(find_or_download(parameters.inception_weights, INCEPTION), INCEPTION))


def _open_speaker_encoder(store: Store, parameters: EvaluationParameters) -> FeatureExtractor:
    sample_rate = store.fields[FEATURE_FIELDS["speaker_encoder"]].sample_rate
    assert sample_rate is not None
    return read_speaker_encoder(parameters.speaker_encoder_weights, sample_rate)


_PRETRAINED: dict[PretrainedKind, Callable[[Store, EvaluationParameters], FeatureExtractor]] = {
    "inception": _open_inception,
    "efficientnet_lite0": partial(_open_efficientnet, MODELS["efficientnet_lite0"]),
    "efficientnet_lite2": partial(_open_efficientnet, MODELS["efficientnet_lite2"]),
    "speaker_encoder": _open_speaker_encoder,
}


def _accept_any(store: Store) -> None:
    """Accept any data of the field."""


def _build_pretrained(
    name: PretrainedKind, store: Store, parameters: EvaluationParameters, progress: Progress
) -> Pretrained:
    return Pretrained(name, _PRETRAINED[name](store, parameters).digest)


def _restore_pretrained(
    name: PretrainedKind, description: _PretrainedDescription, files: Mapping[str, bytes]
) -> Pretrained:
    return Pretrained(name, description.weights_sha256)


def _pretrained_kind(name: PretrainedKind, file_format: str) -> ExtractorKind:
    return ExtractorKind(
        format=file_format,
        description=_PretrainedDescription,
        is_trained=False,
        check=_accept_any,
        build=partial(_build_pretrained, name),
        restore=partial(_restore_pretrained, name),
    )


def _trained_kind(
    file_format: str,
    description: type[StrictModel],
    check: Callable[[Store], None],
    train: Callable[[Store, ClassifierParameters, int, Progress], SavedExtractor],
    restore: Callable[[Any, bytes], SavedExtractor],
) -> ExtractorKind:
    return ExtractorKind(
        format=file_format,
        description=description,
        is_trained=True,
        check=check,
        build=lambda store, parameters, progress: train(store, parameters.classifier, parameters.threads, progress),
        restore=lambda description, files: restore(description, files[WEIGHTS]),
    )


EXTRACTORS: dict[FeatureKind, ExtractorKind] = {
    "classifier": _trained_kind(
        classifier.FORMAT, ClassifierDescription, check_classes, train_classifier, classifier.restore
    ),
    "inception": _pretrained_kind("inception", "ganops-inception-3"),
    "efficientnet_lite0": _pretrained_kind("efficientnet_lite0", "ganops-efficientnet-lite0-3"),
    "efficientnet_lite2": _pretrained_kind("efficientnet_lite2", "ganops-efficientnet-lite2-3"),
    "stacked_digits": _trained_kind(
        stacked_digits.FORMAT,
        StackedDigitsDescription,
        check_stacked_digits,
        train_stacked_digits,
        stacked_digits.restore,
    ),
    "coordinates": ExtractorKind(
        format=coordinates.FORMAT,
        description=CoordinatesDescription,
        is_trained=False,
        check=_accept_any,
        build=lambda store, parameters, progress: fit_coordinates(store),
        restore=lambda description, files: coordinates.restore(description),
    ),
    "spectrogram_classifier": _trained_kind(
        spectrogram_classifier.FORMAT,
        SpectrogramClassifierDescription,
        check_labelled_clips,
        train_spectrogram_classifier,
        spectrogram_classifier.restore,
    ),
    "speaker_encoder": _pretrained_kind("speaker_encoder", "ganops-speaker-encoder-1"),
    "ngrams": ExtractorKind(
        format=ngrams.FORMAT,
        description=NgramsDescription,
        is_trained=False,
        check=lambda store: check_sacrebleu(),
        build=lambda store, parameters, progress: Ngrams(),
        restore=lambda description, files: Ngrams(),
    ),
}


class _StoreFile(StrictModel):
    store_sha256: Sha256
    parameters: dict[str, int | float]


@dataclass(frozen=True)
class StoredExtractor:
    """A saved extractor with the sha256 of its store and the parameters that determine its weights."""

    extractor: SavedExtractor
    store_sha256: str
    parameters: Mapping[str, int | float]

    def open(self, store: Store, parameters: EvaluationParameters) -> FeatureExtractor:
        """Return the extractor, ready for use.

        Raises:
            MetricError: it was built from another store or by other parameters, or its weights are missing.
        """
        self._check_store(store)
        self._check_parameters(parameters)
        return self.extractor.open(store, parameters) if isinstance(self.extractor, Pretrained) else self.extractor

    def _check_store(self, store: Store) -> None:
        if self.store_sha256 != store.digest():
            raise MetricError(
                "the feature extractor",
                expected=f"one built from the data in {store.path}, of sha256 {store.digest():.12}",
                received=f"one built from data of sha256 {self.store_sha256:.12}",
                remedy="Build it again, with the same --env and --params: kedro run --from-nodes build_extractor.",
            )

    def _check_parameters(self, parameters: EvaluationParameters) -> None:
        if self.extractor.name != parameters.features:
            raise _wrong_extractor(parameters.features, self.extractor.name)
        for name, value in training_parameters(parameters).items():
            if self.parameters.get(name) != value:
                raise MetricError(
                    "the feature extractor",
                    expected=f"one built with evaluation.{name}={value}",
                    received=f"one built with {self.parameters.get(name)}",
                    remedy="Build it again, with the same --env and --params: kedro run --from-nodes build_extractor.",
                )

    def files(self) -> dict[str, bytes]:
        """Return all that `restore_stored` needs, by file name."""
        return self.extractor.files() | {
            _STORE_FILE: seal({"store_sha256": self.store_sha256, "parameters": dict(self.parameters)}).encode()
        }


def training_parameters(parameters: EvaluationParameters) -> dict[str, int | float]:
    """Return the parameters below `evaluation` that determine the weights; none where nothing is trained."""
    if not EXTRACTORS[parameters.features].is_trained:
        return {}
    trained = {f"classifier.{name}": value for name, value in parameters.classifier.model_dump().items()}
    return {"threads": parameters.threads, **trained}


def check_data(store: Store, parameters: EvaluationParameters) -> None:
    """Raise MetricError where the store lacks the field of some features, or its data do not suit them."""
    _check_field(store, "features", parameters.features)
    for features in parameters.further_features:
        _check_field(store, "further_features", features)
    open_lpips(parameters)
    EXTRACTORS[parameters.features].check(store)


def _check_field(store: Store, key: str, features: FeatureKind) -> None:
    field = FEATURE_FIELDS[features]
    if field not in store.fields:
        suitable = [name for name, other in FEATURE_FIELDS.items() if other in store.fields]
        raise MetricError(
            f"evaluation.{key}",
            expected=f"features of a field of {store.path}: {', '.join(sorted(store.fields))}",
            received=f"{features}, which reads the field {field}",
            remedy=f"Set evaluation.features to one of {', '.join(suitable)}, and evaluation.further_features to [].",
        )


def build_extractor(
    store: Store, parameters: EvaluationParameters, progress: Progress = no_progress
) -> StoredExtractor:
    """Train the classifier of the data, or find and check the weights of the pretrained network.

    Args:
        store: the data.
        parameters: `evaluation.features` and what its training needs.
        progress: wraps the training steps of a classifier.

    Raises:
        MetricError: the data do not suit the features, or weights are missing.
    """
    check_data(store, parameters)
    open_further(store, parameters)
    extractor = EXTRACTORS[parameters.features].build(store, parameters, progress)
    return StoredExtractor(extractor, store.digest(), training_parameters(parameters))


def open_further(store: Store, parameters: EvaluationParameters) -> tuple[FeatureExtractor, ...]:
    """Read the weights of `evaluation.further_features`; MetricError where they are missing or are others."""
    return tuple(_PRETRAINED[name](store, parameters) for name in parameters.further_features)


def open_lpips(parameters: EvaluationParameters) -> Lpips | None:
    """Read the weights of LPIPS; None where the parameters name none; MetricError where they are missing or others."""
    if parameters.lpips_trunk is None or parameters.lpips_heads is None:
        return None
    return read_lpips(Path(parameters.lpips_trunk), Path(parameters.lpips_heads))


def restore_stored(files: Mapping[str, bytes]) -> StoredExtractor:
    """Restore the content of `StoredExtractor.files`; MetricError where it is something else."""
    extractor = restore(files)
    try:
        origin = _StoreFile.model_validate(without_seal(load_object(files[_STORE_FILE])))
    except (KeyError, ValueError) as error:
        raise make_damage_error(f"a whole {_STORE_FILE}", f"{type(error).__name__}: {error}") from None
    return StoredExtractor(extractor, origin.store_sha256, origin.parameters)


def restore(files: Mapping[str, bytes]) -> SavedExtractor:
    """Restore the content of `SavedExtractor.files`; MetricError where it is something else."""
    try:
        values = load_object(files[DESCRIPTION])
        kind = _find_kind(values.get("format"))
        description = kind.description.model_validate_json(json.dumps(without_seal(values)), strict=True)
        return kind.restore(description, files)
    except KeyError as error:
        raise make_damage_error(f"a file {error.args[0]}", "none") from None
    except ValidationError as error:
        raise make_damage_error(*describe_first_error(error)) from None
    except ValueError as error:
        raise make_damage_error(f"a whole {DESCRIPTION} and the weights that it describes", str(error)) from None


def _find_kind(file_format: Any) -> ExtractorKind:
    for kind in EXTRACTORS.values():
        if kind.format == file_format:
            return kind
    formats = ", ".join(kind.format for kind in EXTRACTORS.values())
    raise make_damage_error(f"a format of this version: {formats}", f"{file_format!r:.40}")


def _wrong_extractor(expected: str, received: str) -> MetricError:
    return MetricError(
        "the feature extractor",
        expected=f"{expected}, which evaluation.features selects",
        received=received,
        remedy="Build it with these parameters: kedro run --nodes build_extractor.",
    )
