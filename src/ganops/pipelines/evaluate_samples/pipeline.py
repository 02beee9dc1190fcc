"""store, a folder of pictures → report of the pictures."""

from kedro.pipeline import Node, Pipeline

from ganops.pipelines.evaluate_samples.nodes import evaluate_external_samples


def create_pipeline() -> Pipeline:
    """Judgement of pictures that another program made."""
    reports = ["samples_report", "samples_report_table"]
    return Pipeline(
        [Node(evaluate_external_samples, ["store", "params:evaluation"], reports, name="evaluate_external_samples")]
    )
