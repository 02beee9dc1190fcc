"""The parameters of conf/base, the one place of their defaults, with a few values changed."""

from pathlib import Path
from typing import Any

import yaml

from ganops.config import ClassifierParameters, DataPreparationParameters, EvaluationParameters

_BASE = Path(__file__).parents[1] / "conf" / "base"


def base_values(pipeline: str) -> dict[str, Any]:
    """The content of conf/base/parameters_<pipeline>.yml below its key."""
    return yaml.safe_load((_BASE / f"parameters_{pipeline}.yml").read_text())[pipeline]


def data_preparation(**changed: Any) -> DataPreparationParameters:
    return DataPreparationParameters.parse({**base_values("data_preparation"), **changed})


def evaluation(**changed: Any) -> EvaluationParameters:
    return EvaluationParameters.parse({**base_values("evaluation"), **changed})


def classifier(**changed: Any) -> ClassifierParameters:
    return ClassifierParameters.parse({**base_values("evaluation")["classifier"], **changed})
