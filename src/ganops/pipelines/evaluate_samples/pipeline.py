"""store, a folder of samples → report on the samples."""

from kedro.pipeline import Node, Pipeline

from ganops.pipelines.evaluate_samples.nodes import evaluate_external_samples


def create_pipeline() -> Pipeline:
    """Return the evaluation of the samples of another program."""
    reports = ["samples_report", "samples_report_table"]
    return Pipeline(
        [Node(evaluate_external_samples, ["store", "params:evaluation"], reports, name="evaluate_external_samples")]
    )
