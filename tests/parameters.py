"""The parameters of conf/base, the one place of their defaults, with a few values changed; settings of trainings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ganops.config import UnpairedSettings
from ganops.evaluation_config import ClassifierParameters, EvaluationParameters
from ganops.games.recipes import RECIPES
from ganops.games.resolve import Hardware, resolve
from ganops.parameters import leaves, nest
from ganops.preparation_config import DataPreparationParameters
from ganops.training_config import TrainingParameters
from ganops.training_settings import SampleSpec, Settings

# Those of pictures.
LATENT_RECIPES = sorted(
    name for name, recipe in RECIPES.items() if hasattr(recipe.game, "latent_dimension") and recipe.field == "image"
)
_BASE = Path(__file__).parents[1] / "conf" / "base"
_TRAINING_KEYS = list(leaves(TrainingParameters(recipe="")))


def base_values(pipeline: str) -> dict[str, Any]:
    """Return the content of conf/base/parameters_<pipeline>.yml below its key."""
    return yaml.safe_load((_BASE / f"parameters_{pipeline}.yml").read_text())[pipeline]


def data_preparation(**changed: Any) -> DataPreparationParameters:
    return DataPreparationParameters.parse({**base_values("data_preparation"), **changed})


def evaluation(**changed: Any) -> EvaluationParameters:
    return EvaluationParameters.parse({**base_values("evaluation"), **changed})


def classifier(**changed: Any) -> ClassifierParameters:
    return ClassifierParameters.parse({**base_values("evaluation")["classifier"], **changed})


def training_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of `training` as its file has them, each given by the last part of its dotted key."""
    return nest({_training_key(name): value for name, value in values.items()})


def training(recipe: str = "dcgan", **values: Any) -> TrainingParameters:
    """Return the parameters of a training, each value given by the last part of its dotted key."""
    return TrainingParameters.parse({"recipe": recipe, **training_values(values)})


def resolve_settings(recipe: str, sample: SampleSpec, train_count: int = 100, **values: Any) -> Settings:
    """Return the settings of a training on one thread of the CPU, of two classes where the recipe needs them."""
    if isinstance(RECIPES[recipe].game, UnpairedSettings) and sample.classes < 2:
        sample = sample.model_copy(update={"classes": 2})
    return resolve(training(recipe, **values), sample, train_count, Hardware("cpu", 1))


def images(channels: int, height: int, width: int, classes: int = 0, input_channels: int = 3) -> SampleSpec:
    """Return pictures that have an input each, so that every recipe may be trained on them."""
    return SampleSpec(
        channels=channels, image_height=height, image_width=width, input_channels=input_channels, classes=classes
    )


def points(coordinates: int, classes: int = 0) -> SampleSpec:
    return SampleSpec(field="point", channels=coordinates, classes=classes)


def waves(samples: int, classes: int = 0, sample_rate: int = 8000) -> SampleSpec:
    return SampleSpec(field="wave", channels=1, image_width=samples, classes=classes, sample_rate=sample_rate)


def tiny_sample(recipe: str) -> SampleSpec:
    """Return the smallest samples, in three classes, of the field that the recipe is for."""
    made: dict[str, SampleSpec] = {"image": images(1, 12, 9, 3), "wave": waves(512, 3), "tokens": lines(11, 7)}
    return made[RECIPES[recipe].field]


def sample_for(recipe: str, classes: int = 0) -> SampleSpec:
    """Return samples of the field that the recipe is for."""
    made: dict[str, SampleSpec] = {
        "image": images(1, 32, 32, classes),
        "wave": waves(512, classes),
        "tokens": lines(11, 7),
    }
    return made[RECIPES[recipe].field]


def lines(vocabulary: int, longest: int) -> SampleSpec:
    return SampleSpec(field="tokens", channels=vocabulary, image_width=longest, classes=0)


def _training_key(name: str) -> str:
    (key,) = [key for key in _TRAINING_KEYS if key == name or key.endswith(f".{name}")]
    return key
