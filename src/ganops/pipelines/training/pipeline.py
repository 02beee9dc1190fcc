"""Store → settings, training state, bundle, curves, snapshots."""

from kedro.pipeline import Node, Pipeline

from ganops.pipelines.training.nodes import draw_curves, train_generator

_TRAINED = ["settings", "training_state", "bundle", "training_scalars", "training_digests", "snapshots"]


def create_pipeline() -> Pipeline:
    """Return the pipeline that trains and draws the curves."""
    return Pipeline(
        [
            Node(train_generator, ["store", "params:training", "checkpoints"], _TRAINED, name="train"),
            Node(draw_curves, "training_scalars", "curves", name="draw_curves"),
        ]
    )
