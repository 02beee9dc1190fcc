"""Pipeline: raw pictures → store, preparation report."""

from kedro.pipeline import Node, Pipeline

from ganops.pipelines.data_preparation.nodes import prepare_data


def create_pipeline() -> Pipeline:
    """Create the pipeline that prepares a data set."""
    inputs = ["raw_pictures", "params:data_preparation"]
    return Pipeline([Node(prepare_data, inputs, ["store", "preparation_report"], name="prepare")])
