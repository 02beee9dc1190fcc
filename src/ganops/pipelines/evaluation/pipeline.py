"""bundle, snapshots, store → judge, report, curve of the metric, pictures."""

from kedro.pipeline import Node, Pipeline

from ganops.pipelines.evaluation.nodes import (
    build_extractor,
    draw_metric_curve,
    draw_views,
    evaluate_generator,
)


def create_pipeline() -> Pipeline:
    """Judgement of a generator."""
    judged = ["bundle", "store", "feature_extractor", "params:evaluation"]
    reports = ["report", "report_table", "metric_curve"]
    return Pipeline(
        [
            Node(build_extractor, ["store", "params:evaluation"], "feature_extractor", name="build_extractor"),
            Node(evaluate_generator, ["bundle", "snapshots", *judged[1:]], reports, name="evaluate"),
            Node(draw_metric_curve, ["metric_curve", "report"], "metric_curve_picture", name="draw_metric_curve"),
            Node(draw_views, judged, "views", name="draw_views"),
        ]
    )
