"""Store and feature extractor → a child run for each variant, their reports, table, curves and samples."""

from kedro.pipeline import Node, Pipeline

from ganops.pipelines.comparison.nodes import compare_variants, draw_comparison_curves

_INPUTS = ["store", "feature_extractor", "params:training", "params:evaluation", "params:comparison", "checkpoints"]
_COMPARED = ["comparison_reports", "comparison_table", "comparison_curves", "comparison_samples"]


def create_pipeline() -> Pipeline:
    """Return the pipeline that trains several variants and evaluates them alike."""
    return Pipeline(
        [
            Node(compare_variants, _INPUTS, _COMPARED, name="compare"),
            Node(
                draw_comparison_curves, "comparison_curves", "comparison_curves_picture", name="draw_comparison_curves"
            ),
        ]
    )
