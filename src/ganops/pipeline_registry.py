"""The pipelines, by name."""

from kedro.pipeline import Pipeline

from ganops.pipelines.data_preparation.pipeline import create_pipeline as data_preparation
from ganops.pipelines.evaluation.pipeline import create_pipeline as evaluation
from ganops.pipelines.registration.pipeline import create_pipeline as registration
from ganops.pipelines.training.pipeline import create_pipeline as training


def register_pipelines() -> dict[str, Pipeline]:
    """Each pipeline is one stage of DVC; `__default__` is all of them, in this order."""
    pipelines = {
        "data_preparation": data_preparation(),
        "training": training(),
        "evaluation": evaluation(),
        "registration": registration(),
    }
    return {**pipelines, "__default__": sum(pipelines.values(), start=Pipeline([]))}
