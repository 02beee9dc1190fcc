"""Kedro's hooks: one MLflow run per session, with code, parameters, data sets and lineage.

The hooks run before those of kedro-mlflow (`tryfirst`). kedro-mlflow is kept for what its users expect of it:
mlflow.yml, and the start and end of a run. The run's id and name, its parameters, and its status after errors and
signals are this project's own, because kedro-mlflow starts a new run in every process, logs a typed parameter as one
opaque text, and leaves an interrupted run FINISHED or RUNNING.
"""

import logging
import os
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Node, Pipeline

from ganops.configuration.config_checks import check_environment, check_overrides_visible_to_dvc, local_files
from ganops.configuration.groups import effective_parameters, flat_parameters
from ganops.files import require_writable
from ganops.parameters import Parameters
from ganops.reporting.summary import print_comparison, print_summary
from ganops.start_checks import check_load_versions, check_start
from ganops.tracking.best_effort import best_effort
from ganops.tracking.dataset_logging import check_roles, dataset_path, log_dataset
from ganops.tracking.lineage import TrackedDataset, record_lineage
from ganops.tracking.masking import mask_values
from ganops.tracking.ownership import OutputsLock, own_outputs, release_outputs
from ganops.tracking.provenance import Provenance, override_tags, read_provenance
from ganops.tracking.run_session import (
    ERROR,
    active_run_id,
    data_fingerprints,
    join_run,
    log_parameters,
    resume_key,
    run_name,
    session_key,
    set_tags,
)
from ganops.tracking.status import check_anything_missing
from ganops.tracking.tracking_store import open_tracking_store, ui_command

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

_COMPARISON = "params:comparison"
_CHECKPOINTS = "checkpoints"
_TRAINING_DATA = ("raw_pictures", "store")
_TRACKED_BY_DVC = ("out", "metric", "plot")


@dataclass
class Session:
    """One session of Kedro, from its context to the end of its run.

    Attributes:
        context: Kedro's.
        groups: the parameters of each pipeline.
        entries: the catalog's entries, with absolute paths.
        run_id: the MLflow run; empty before the pipeline runs.
        saved: paths of the datasets that this session saved.
    """

    context: KedroContext
    groups: dict[str, Parameters]
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    run_id: str = ""
    saved: dict[str, Path] = field(default_factory=dict)

    @property
    def environment(self) -> str:
        """Return the name of the data set."""
        return str(self.context.config_loader["globals"]["environment"])

    @property
    def client(self) -> "MlflowClient":
        """Return a client of the store that kedro-mlflow is configured for."""
        from mlflow import MlflowClient

        return MlflowClient(self.context.mlflow.server.mlflow_tracking_uri)  # type: ignore[attr-defined]

    def path(self, name: str) -> Path | None:
        """Return the path of a dataset; None where it has none."""
        return dataset_path(self.entries.get(name, {}))

    def parameters(self, pipeline: Pipeline) -> dict[str, Any]:
        """Return the flat parameters; those of a comparison belong to comparisons alone."""
        kept = {name for name in self.groups if f"params:{name}" != _COMPARISON or _COMPARISON in pipeline.inputs()}
        return flat_parameters({name: group for name, group in self.groups.items() if name in kept})


class RunHooks:
    """Hooks of one session at a time."""

    session: Session

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Refuse wrong parameters before anything is opened or written."""
        check_environment(context.config_loader.environments(), context.env)  # type: ignore[attr-defined]
        check_overrides_visible_to_dvc(Path(context.config_loader.conf_source), context.env)
        self.session = Session(context, effective_parameters(_raw_parameters(context)))
        open_tracking_store()

    @hook_impl
    def after_catalog_created(self, conf_catalog: dict[str, Any]) -> None:
        """Keep the catalog's entries on tracking."""
        entries = {name: entry for name, entry in conf_catalog.items() if isinstance(entry, dict)}
        check_roles(entries)
        self.session.entries = entries

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Lock the outputs; find or create the run, and let kedro-mlflow start that run under its own name."""
        session = self.session
        check_start(session.groups, [node.name for node in pipeline.nodes])
        check_load_versions(run_params["load_versions"] or {}, session.entries)
        provenance = read_provenance(session.context.project_path)
        if provenance.problem:
            logger.warning("The run has no commit: %s", provenance.problem)
        lock = _lock_outputs(session, pipeline)  # before anything of them is read
        if run_params["only_missing_outputs"]:
            check_anything_missing(pipeline, catalog)
        # kedro-mlflow makes a tag of these.
        run_params["runtime_params"] = runtime = mask_values(run_params.get("runtime_params") or {})
        session.run_id = _join_run(session, run_params["run_id"], pipeline, provenance)
        client = session.client
        lock.name_run(client.get_run(session.run_id).info.run_name or session.run_id)
        log_parameters(client, session.run_id, _parameters_in_use(session.parameters(pipeline), pipeline))
        set_tags(client, session.run_id, _origin_tags(session, provenance, runtime))
        if provenance.diff:
            client.log_text(session.run_id, provenance.diff, "uncommitted.diff")

    @hook_impl(tryfirst=True)
    def before_node_run(self, inputs: dict[str, Any]) -> None:
        """Hide parameters from kedro-mlflow, which logs a typed object as one opaque string.

        Kedro gives the hooks a copy of the node's inputs; the node's own are untouched.
        """
        for name in [name for name in inputs if name.startswith("params:") or name == "parameters"]:
            del inputs[name]

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, node: Node) -> None:
        """Log the dataset as its catalog entry asks, and clear checkpoints that are no longer needed."""
        session = self.session
        if path := session.path(dataset_name):
            session.saved[dataset_name] = path
        log_dataset(session.client, session.run_id, dataset_name, session.entries.get(dataset_name, {}))
        if dataset_name == "store":  # by now raw data are downloaded
            tags = _data_tags(session, _TRAINING_DATA)
            best_effort("Could not tag the run's input data", lambda: set_tags(session.client, session.run_id, tags))
        # DVC deletes the outputs of a stage that fails later; then the checkpoints are all there is.
        if "DVC_STAGE" not in os.environ:
            _clear_checkpoints(session, [node])

    @hook_impl(tryfirst=True)
    def on_pipeline_error(self, error: Exception) -> None:
        """Record the error as a tag, which the list of runs shows."""
        session, tags = self.session, {ERROR: f"{type(error).__name__}: {error}"}
        best_effort("Could not record the error of the run", lambda: set_tags(session.client, session.run_id, tags))
        release_outputs()

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self, pipeline: Pipeline) -> None:
        """Record lineage and machine, and print the results."""
        session, client = self.session, self.session.client
        _clear_checkpoints(session, pipeline.nodes)
        record_lineage(client, session.run_id, session.context.project_path, _tracked_datasets(session, pipeline))
        best_effort("Could not record the machine", lambda: set_tags(client, session.run_id, _machine_tags()))
        version = client.get_run(session.run_id).data.tags.get("registered_version", "nothing")
        print_summary(session.saved, version, ui_command())
        if any(_COMPARISON in node.inputs for node in _finished_trainings(session, pipeline.nodes)):
            from ganops.tracking.variant_runs import read_training_seconds

            print_comparison(session.saved, read_training_seconds(client, session.run_id), ui_command())
        release_outputs()  # TrackedSession does, after any end; this is for a plain KedroSession


def _lock_outputs(session: Session, pipeline: Pipeline) -> OutputsLock:
    for path in filter(None, map(session.path, pipeline.all_outputs())):
        require_writable(path)
    return own_outputs(session.context.project_path, session.environment)


def _join_run(session: Session, kedro_session: str, pipeline: Pipeline, provenance: Provenance) -> str:
    if active := active_run_id():  # opened by the caller, such as a notebook, who names it and ends it
        return active
    tracking = session.context.mlflow.tracking  # type: ignore[attr-defined]
    experiment = session.client.get_experiment_by_name(tracking.experiment.name)
    assert experiment is not None  # kedro-mlflow makes it
    parameters = session.parameters(pipeline)
    recipe = "comparison" if _COMPARISON in pipeline.inputs() else parameters.get("training.recipe")
    run_id = join_run(
        session.client,
        experiment.experiment_id,
        session=session_key(kedro_session),
        resume=resume_key(session.environment, parameters),
        name=run_name(recipe, session.environment, provenance.commit),
        data=_data_tags(session, pipeline.inputs()),
    )
    # kedro-mlflow would rename the run to the pipelines' names.
    tracking.run.id, tracking.run.name = run_id, session.client.get_run(run_id).info.run_name
    return run_id


def _data_tags(session: Session, names: Collection[str]) -> dict[str, str]:
    """Return the tags of those of the datasets that a training's data come from."""
    paths = {name: path for name in _TRAINING_DATA if name in names and (path := session.path(name))}
    return data_fingerprints(paths)


def _origin_tags(session: Session, provenance: Provenance, runtime: Mapping[str, Any]) -> dict[str, str]:
    local = local_files(Path(session.context.config_loader.conf_source), session.context.env)
    return {"environment": session.environment, **override_tags(local, runtime), **provenance.tags}


def _finished_trainings(session: Session, nodes: list[Node]) -> list[Node]:
    """Return the nodes that train, which are those that read `checkpoints`, if all their outputs are saved."""
    return [node for node in nodes if _CHECKPOINTS in node.inputs and {*node.outputs} <= session.saved.keys()]


def _clear_checkpoints(session: Session, nodes: list[Node]) -> None:
    """Clear the checkpoints of the trainings whose outputs this session has saved."""
    for node in _finished_trainings(session, nodes):
        clear = partial(_clear, session, is_comparison=_COMPARISON in node.inputs)
        best_effort("Could not delete the checkpoints of a finished training", clear)


def _clear(session: Session, is_comparison: bool) -> None:
    from ganops.training.checkpoint import Checkpoints

    folder = session.path(_CHECKPOINTS)
    if folder is None:
        return
    tags = session.client.get_run(session.run_id).data.tags
    fingerprints = {tags["fingerprint"]} if "fingerprint" in tags else set[str]()
    if is_comparison:
        from ganops.tracking.variant_runs import read_fingerprints

        fingerprints = set(read_fingerprints(session.client, session.run_id).values())
    for fingerprint in fingerprints:
        Checkpoints(folder / fingerprint).clear()


def _tracked_datasets(session: Session, pipeline: Pipeline) -> list[TrackedDataset]:
    roles = {name: (entry.get("metadata") or {}).get("dvc") for name, entry in session.entries.items()}
    # As for `kedro dvc sync`: what no stage makes, such as raw pictures, is a dependency without a role.
    inputs = [name for name in session.entries if name in pipeline.inputs() and roles[name] != "none"]
    outputs = [name for name in session.saved if roles[name] in _TRACKED_BY_DVC]
    read = [TrackedDataset(name, path, "input") for name in inputs if (path := session.path(name))]
    return read + [TrackedDataset(name, session.saved[name], "output") for name in outputs]


def _parameters_in_use(parameters: dict[str, Any], pipeline: Pipeline) -> dict[str, Any]:
    """Return the parameters that a node of this run reads.

    The others did not make what the run uses: an evaluation alone takes the bundle on disk, whatever --params
    hold for the training.
    """
    groups = {name.removeprefix("params:").split(".")[0] for name in pipeline.inputs()}
    return {name: value for name, value in parameters.items() if name.split(".")[0] in groups}


def _raw_parameters(context: KedroContext) -> dict[str, Any]:
    from kedro.config import MissingConfigException

    try:
        return context.config_loader["parameters"]
    except MissingConfigException:
        return {}


def _machine_tags() -> dict[str, str]:
    """Return what bytes may depend on; torch is asked only where a node has imported it."""
    torch = sys.modules.get("torch")
    if torch is None:
        return {}
    return {"torch": torch.__version__, "cpu_capability": torch.backends.cpu.get_cpu_capability()}
