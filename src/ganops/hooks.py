"""One MLflow run per session: which run it is, what it says of code and parameters, what it read and wrote.

The hooks come before those of kedro-mlflow (`tryfirst`), which starts and ends the run that is found here.
"""

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from ganops.files import require_writable
from ganops.start_checks import check_load_versions, check_start
from ganops.tracking.best_effort import best_effort
from ganops.tracking.dataset_logging import check_roles, dataset_path, log_dataset
from ganops.tracking.lineage import TrackedDataset, record_lineage
from ganops.tracking.masking import mask_values
from ganops.tracking.materials import material_tags
from ganops.tracking.overlays import check_overrides_visible_to_dvc, require_environment
from ganops.tracking.overrides import override_tags
from ganops.tracking.ownership import OutputsLock, own_outputs, release_outputs
from ganops.tracking.parameters import effective_parameters, flat_parameters, resume_key
from ganops.tracking.process import session_key
from ganops.tracking.provenance import Provenance, read_provenance
from ganops.tracking.run import ERROR, join_run, log_parameters, run_name, set_tags
from ganops.tracking.scratch import COMPARED, TRAINED, clear_checkpoints
from ganops.tracking.status import check_anything_missing
from ganops.tracking.summary import print_comparison, print_summary
from ganops.tracking.tracking_store import open_store

if TYPE_CHECKING:
    from mlflow import MlflowClient

_LOGGER = logging.getLogger(__name__)
COMPARISON = "params:comparison"
_TRACKED_BY_DVC = ("out", "metric", "plot")


class RunHooks:
    """State of one session: configuration, run, and what was saved."""

    def __init__(self) -> None:
        self.entries: dict[str, dict[str, Any]] = {}
        self.saved: dict[str, Path] = {}
        self.run_id = ""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        """Refuse wrong parameters before anything is opened or written."""
        configuration = Path(context.config_loader.conf_source)
        require_environment(context.config_loader.environments(), context.env)  # type: ignore[attr-defined]
        check_overrides_visible_to_dvc(configuration, context.env)
        self.context, self.project, self.configuration = context, context.project_path, configuration
        self.environment = str(context.config_loader["globals"]["environment"])
        self.groups = effective_parameters(_raw_parameters(context))
        self.parameters = flat_parameters(self.groups)
        open_store()

    @hook_impl
    def after_catalog_created(self, conf_catalog: dict[str, Any]) -> None:
        """Keep what the catalog says about tracking."""
        self.entries = {name: entry for name, entry in conf_catalog.items() if isinstance(entry, dict)}
        self.saved = {}
        check_roles(self.entries)

    @hook_impl(tryfirst=True)
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol) -> None:
        """Own the outputs; find or create the run, and let kedro-mlflow start that one, under its own name."""
        check_start(self.groups, [node.name for node in pipeline.nodes])
        check_load_versions(run_params["load_versions"] or {}, self.entries)
        provenance = read_provenance(self.project)
        if provenance.problem:
            _LOGGER.warning("The run has no commit: %s", provenance.problem)
        owned = self._own_outputs(pipeline)  # before anything of them is read
        if run_params["only_missing_outputs"]:
            check_anything_missing(pipeline, catalog)
        # kedro-mlflow makes a tag of these.
        run_params["runtime_params"] = mask_values(run_params.get("runtime_params") or {})
        self.is_comparison = COMPARISON in pipeline.inputs()
        if not self.is_comparison:  # of what is compared elsewhere a run knows nothing
            told = {name: value for name, value in self.parameters.items() if not _is_of_comparison(name)}
            self.parameters = told
        self.run_id = self._join(run_params["run_id"], provenance, material_tags(self.entries, pipeline.inputs()))
        owned.name_run(self.client.get_run(self.run_id).info.run_name or self.run_id)
        log_parameters(self.client, self.run_id, _parameters_in_use(self.parameters, pipeline))
        set_tags(self.client, self.run_id, self._tags(provenance, run_params.get("runtime_params") or {}))
        if provenance.diff:
            self.client.log_text(self.run_id, provenance.diff, "uncommitted.diff")

    @hook_impl(tryfirst=True)
    def before_node_run(self, inputs: dict[str, Any]) -> None:
        """Hide parameters from kedro-mlflow, which logs a typed object as one opaque string.

        Kedro gives the hooks a copy of the node's inputs; the node's own are untouched.
        """
        for name in [name for name in inputs if name.startswith("params:") or name == "parameters"]:
            del inputs[name]

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Log the dataset as its catalog entry asks; once a training is saved, its checkpoints are over."""
        entry = self.entries.get(dataset_name, {})
        if path := dataset_path(entry):
            self.saved[dataset_name] = path
        log_dataset(self.client, self.run_id, dataset_name, entry)
        if dataset_name == "store":  # by now raw data are downloaded
            looks = material_tags(self.entries)
            best_effort("The run does not know its data", lambda: set_tags(self.client, self.run_id, looks))
        # A stage of DVC that fails later on loses what it saved, and then the checkpoints are all there is.
        if dataset_name in TRAINED | COMPARED and "DVC_STAGE" not in os.environ:
            self._forget_checkpoints()

    @hook_impl(tryfirst=True)
    def on_pipeline_error(self, error: Exception) -> None:
        """Let the list of runs say why one failed."""
        tags = {ERROR: f"{type(error).__name__}: {error}"}
        best_effort("The run does not say why it failed", lambda: set_tags(self.client, self.run_id, tags))
        release_outputs()

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self, pipeline: Pipeline) -> None:
        """Record lineage and machine; tell the user what came out."""
        self._forget_checkpoints()
        record_lineage(self.client, self.run_id, self.project, self._pieces(pipeline))
        best_effort("The machine was not recorded", lambda: set_tags(self.client, self.run_id, _machine_tags()))
        version = self.client.get_run(self.run_id).data.tags.get("registered_version", "nothing")
        print_summary(self.saved, version)
        if set(self.saved) >= COMPARED:
            from ganops.tracking.variants import seconds_of_variants

            print_comparison(self.saved, seconds_of_variants(self.client, self.run_id))
        release_outputs()  # TrackedSession does, after any end; this is for a plain KedroSession

    def _own_outputs(self, pipeline: Pipeline) -> OutputsLock:
        for path in filter(None, (dataset_path(self.entries.get(name, {})) for name in pipeline.all_outputs())):
            require_writable(path)
        return own_outputs(self.project, self.environment)

    @property
    def client(self) -> "MlflowClient":
        """Of the store that kedro-mlflow was configured for."""
        from mlflow import MlflowClient

        return MlflowClient(self.context.mlflow.server.mlflow_tracking_uri)  # type: ignore[attr-defined]

    def _join(self, kedro_session: str, provenance: Provenance, materials: dict[str, str]) -> str:
        import mlflow

        if active := mlflow.active_run():  # opened by the caller, in a notebook: it is his to name and to end
            return active.info.run_id
        tracking = self.context.mlflow.tracking  # type: ignore[attr-defined]
        experiment = self.client.get_experiment_by_name(tracking.experiment.name)
        assert experiment is not None  # kedro-mlflow makes it
        run_id = join_run(
            self.client,
            experiment.experiment_id,
            session=session_key(kedro_session),
            resume=resume_key(self.environment, self.parameters),
            materials=materials,
            name=run_name(self.parameters, self.environment, provenance.commit, is_comparison=self.is_comparison),
        )
        # kedro-mlflow would rename the run to the pipelines' names.
        tracking.run.id, tracking.run.name = run_id, self.client.get_run(run_id).info.run_name
        return run_id

    def _tags(self, provenance: Provenance, runtime_parameters: dict[str, Any]) -> dict[str, str]:
        tags = {"environment": self.environment}
        tags |= override_tags(self.configuration, self.context.env, runtime_parameters)
        return tags | provenance.tags

    def _forget_checkpoints(self) -> None:
        """Once this session has saved all that a training or a comparison leaves; tags say which trainings it was."""
        scratch = dataset_path(self.entries.get("checkpoints", {}))
        if scratch is not None and (set(self.saved) >= TRAINED or set(self.saved) >= COMPARED):
            best_effort("The checkpoints of a finished training are still there", lambda: self._clear(scratch))

    def _clear(self, scratch: Path) -> None:
        tags = self.client.get_run(self.run_id).data.tags
        done = {tags["fingerprint"]} if "fingerprint" in tags and set(self.saved) >= TRAINED else set[str]()
        if set(self.saved) >= COMPARED:
            from ganops.tracking.variants import variants_of

            done |= set(variants_of(self.client, self.run_id).values())
        for fingerprint in done:
            clear_checkpoints(scratch / fingerprint)

    def _pieces(self, pipeline: Pipeline) -> list[TrackedDataset]:
        roles = {name: (entry.get("metadata") or {}).get("dvc") for name, entry in self.entries.items()}
        # As for `kedro dvc sync`: what no stage makes, such as raw pictures, is a dependency without saying so.
        free = [name for name in self.entries if name in pipeline.inputs() and roles[name] != "none"]
        made = [name for name in self.saved if roles[name] in _TRACKED_BY_DVC]
        paths = {name: path for name in free + made if (path := dataset_path(self.entries[name]))}
        inputs = [TrackedDataset(name, paths[name], "input") for name in free if name in paths]
        return inputs + [TrackedDataset(name, paths[name], "output") for name in made if name in paths]


def _parameters_in_use(parameters: dict[str, Any], pipeline: Pipeline) -> dict[str, Any]:
    """Return the parameters that a node of this run reads.

    The others did not make what the run uses: an evaluation alone takes the bundle on disk, whatever --params say about
    the training.
    """
    groups = {name.removeprefix("params:").split(".")[0] for name in pipeline.inputs()}
    return {name: value for name, value in parameters.items() if name.split(".")[0] in groups}


def _is_of_comparison(name: str) -> bool:
    return f"params:{name.split('.')[0]}" == COMPARISON


def _raw_parameters(context: KedroContext) -> dict[str, Any]:
    from kedro.config import MissingConfigException

    try:
        return context.config_loader["parameters"]
    except MissingConfigException:
        return {}


def _machine_tags() -> dict[str, str]:
    """What bytes may depend on. Asked of torch only where a node has imported it."""
    torch = sys.modules.get("torch")
    if torch is None:
        return {}
    return {"torch": torch.__version__, "cpu_capability": torch.backends.cpu.get_cpu_capability()}
