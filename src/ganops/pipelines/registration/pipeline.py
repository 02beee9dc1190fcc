"""bundle, report, metric curve → a registered version, its registration record and its model card."""

from kedro.pipeline import Node, Pipeline

from ganops.pipelines.registration.nodes import register

_INPUTS = ["bundle", "report", "metric_curve", "params:registration", "registered_model"]


def create_pipeline() -> Pipeline:
    """Return the pipeline of gate, registry, record and card."""
    return Pipeline([Node(register, _INPUTS, ["registration_record", "model_card"], name="register")])
