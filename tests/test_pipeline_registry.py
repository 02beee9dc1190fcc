"""The pipelines by the names that Kedro and DVC use."""

import inspect
from typing import get_type_hints

import pytest
from kedro.pipeline import Node, Pipeline
from kedro.validation.type_extractor import TypeExtractor

from ganops.configuration.groups import GROUPS
from ganops.pipeline_registry import register_pipelines


def test_the_default_is_the_stages_in_their_order() -> None:
    pipelines = register_pipelines()
    stages = ["data_preparation", "training", "evaluation", "registration"]
    assert list(pipelines) == [*stages, "evaluate_samples", "comparison", "__default__"]
    assert set(pipelines["__default__"].nodes) == set(sum((pipelines[name] for name in stages), Pipeline([])).nodes)
    names = [node.name for node in pipelines["__default__"].nodes]
    assert names.index("prepare") < names.index("train") < names.index("evaluate") < names.index("register")


def test_kedro_can_read_the_type_of_every_parameter() -> None:
    """One annotation of a node that cannot be read, and the node gets a plain dictionary instead."""
    pipelines = register_pipelines()
    inputs = {name for pipeline in pipelines.values() for name in pipeline.inputs() if name.startswith("params:")}
    assert inputs == {f"params:{name}" for name in GROUPS}
    assert TypeExtractor(pipelines).extract_types_from_pipelines() == GROUPS


@pytest.mark.parametrize("node", sum(register_pipelines().values(), Pipeline([])).nodes, ids=lambda node: node.name)
def test_every_annotation_of_a_node_can_be_read(node: Node) -> None:
    assert set(get_type_hints(node.func)) == {*inspect.signature(node.func).parameters, "return"}
