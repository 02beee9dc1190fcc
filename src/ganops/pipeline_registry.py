"""The pipelines, by name."""

from kedro.pipeline import Pipeline

from ganops.pipelines.comparison.pipeline import create_pipeline as comparison
from ganops.pipelines.data_preparation.pipeline import create_pipeline as data_preparation
from ganops.pipelines.evaluate_samples.pipeline import create_pipeline as evaluate_samples
from ganops.pipelines.evaluation.pipeline import create_pipeline as evaluation
from ganops.pipelines.registration.pipeline import create_pipeline as registration
from ganops.pipelines.training.pipeline import create_pipeline as training


def register_pipelines() -> dict[str, Pipeline]:
    """The stages of DVC, of which `__default__` is all in this order; and what is run by name only."""
    stages = {
        "data_preparation": data_preparation(),
        "training": training(),
        "evaluation": evaluation(),
        "registration": registration(),
    }
    judge = stages["evaluation"].only_nodes("build_extractor")
    by_name = {"evaluate_samples": evaluate_samples(), "comparison": stages["data_preparation"] + judge + comparison()}
    return {**stages, **by_name, "__default__": sum(stages.values(), start=Pipeline([]))}
