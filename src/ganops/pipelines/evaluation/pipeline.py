"""bundle, snapshots, store → feature extractor, report, metric curve, pictures."""

from kedro.pipeline import Node, Pipeline

from ganops.pipelines.evaluation.nodes import (
    build_extractor,
    draw_film,
    draw_interpolation,
    draw_metric_curve,
    draw_neighbours,
    draw_real,
    draw_samples,
    draw_truncations,
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
            Node(draw_samples, "bundle", "sample_grid", name="draw_samples"),
            Node(draw_interpolation, "bundle", "interpolation", name="draw_interpolation"),
            Node(draw_film, "bundle", "interpolation_film", name="draw_film"),
            Node(draw_truncations, "bundle", "truncation_strip", name="draw_truncations"),
            Node(draw_real, ["bundle", "store"], "real_beside_generated", name="draw_real"),
            Node(draw_neighbours, inputs, ["nearest_neighbours", "nearest_neighbours_table"], name="draw_neighbours"),
        ]
    )
