"""The order of the evaluation's nodes in the whole run, and the types of their parameters."""

from kedro.validation.type_extractor import TypeExtractor

from ganops.evaluation_config import EvaluationParameters
from ganops.pipeline_registry import register_pipelines
from ganops.pipelines.evaluation.pipeline import create_pipeline


def test_feature_extractor_is_built_before_the_training() -> None:
    """Kedro puts nodes that could run at the same time in the order of their names."""
    names = [node.name for node in register_pipelines()["__default__"].nodes]
    assert names.index("prepare") < names.index("build_extractor") < names.index("train") < names.index("evaluate")


def test_kedro_sees_the_type_of_the_parameters() -> None:
    found = TypeExtractor({"evaluation": create_pipeline()}).extract_types_from_pipelines()
    assert found == {"evaluation": EvaluationParameters}
