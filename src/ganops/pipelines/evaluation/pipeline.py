"""bundle, snapshots, store → feature extractor, report, metric curve, pictures."""

from kedro.pipeline import Node, Pipeline

from ganops.pipelines.evaluation.nodes import (
    build_extractor,
    draw_metric_curve,
    draw_views,
    evaluate_generator,
)


def create_pipeline() -> Pipeline:
    """Return the evaluation of a generator."""
    inputs = ["bundle", "store", "feature_extractor", "params:evaluation"]
    reports = ["report", "report_table", "metric_curve"]
    return Pipeline(
        [
            Node(build_extractor, ["store", "params:evaluation"], "feature_extractor", name="build_extractor"),
            Node(evaluate_generator, ["bundle", "snapshots", *inputs[1:]], reports, name="evaluate"),
            Node(draw_metric_curve, ["metric_curve", "report"], "metric_curve_picture", name="draw_metric_curve"),
            Node(draw_views, inputs, "views", name="draw_views"),
        ]
    )
