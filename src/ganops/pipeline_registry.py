"""The pipelines, by name."""

from kedro.pipeline import Pipeline

from ganops.pipelines.comparison.pipeline import create_pipeline as comparison
from ganops.pipelines.data_preparation.pipeline import create_pipeline as data_preparation
from ganops.pipelines.evaluate_samples.pipeline import create_pipeline as evaluate_samples
from ganops.pipelines.evaluation.pipeline import create_pipeline as evaluation
from ganops.pipelines.registration.pipeline import create_pipeline as registration
from ganops.pipelines.training.pipeline import create_pipeline as training


def register_pipelines() -> dict[str, Pipeline]:
    """Return the stages of DVC, `__default__` with all of them in their order, and pipelines that run by name only."""
    stages = {
        "data_preparation": data_preparation(),
        "training": training(),
        "evaluation": evaluation(),
        "registration": registration(),
    }
    extractor = stages["evaluation"].only_nodes("build_extractor")
    by_name = {
        "evaluate_samples": evaluate_samples(),
        "comparison": stages["data_preparation"] + extractor + comparison(),
    }
    return {**stages, **by_name, "__default__": sum(stages.values(), start=Pipeline([]))}
