"""The run of a comparison's variant: a child run with the record that a run of its own would have."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganops.data.vocabulary import Vocabulary
from ganops.evaluation.report import Report
from ganops.parameters import flatten
from ganops.tracking.best_effort import best_effort
from ganops.tracking.child_runs import child_run, list_children
from ganops.tracking.dataset_logging import log_curves, log_report
from ganops.tracking.mlflow_tracker import tracker_factory
from ganops.tracking.run_session import active_run_id, log_parameters
from ganops.training.tracker import Tracker
from ganops.training_config import TrainingParameters

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from PIL.Image import Image

VARIANT, SECONDS = "variant", "training_seconds"


@dataclass(frozen=True)
class VariantRun:
    """The run that a variant is recorded in; outside any run `client` is None, and nothing is recorded."""

    client: "MlflowClient | None" = None
    run_id: str = ""
    vocabulary: Vocabulary | None = None

    @property
    def open_tracker(self) -> Callable[[], AbstractContextManager[Tracker]]:
        """Return what opens the tracker of the training, in any process."""
        return tracker_factory(self.run_id, self.vocabulary)

    def record(
        self, settings: Mapping[str, Any], report: Report, samples: "Image", bundle: Path, checkpoints: Path
    ) -> None:
        """Log settings, metrics and their curve, the seconds of training, views/samples.png, and the bundle's files.

        A failure is a warning: the results are worth more than their record.
        """
        if self.client is not None:
            arguments = (self.client, self.run_id, settings, report, samples, bundle, checkpoints)
            best_effort("Could not record all of a trained variant in MLflow", partial(_record, *arguments))


@contextmanager
def variant_run(
    label: str, parameters: TrainingParameters, vocabulary: Vocabulary | None = None
) -> Iterator[VariantRun]:
    """Open the child of the active run with this label, as `child_runs.child_run` does; it is always the same run."""
    parent_id = active_run_id()
    if not parent_id:
        yield VariantRun()
        return
    from mlflow import MlflowClient

    client = MlflowClient()
    with child_run(client, parent_id, label, {VARIANT: label}) as run_id:
        log_parameters(client, run_id, flatten({"training": parameters.model_dump(mode="json")}))
        yield VariantRun(client, run_id, vocabulary)


def read_fingerprints(client: "MlflowClient", run_id: str) -> dict[str, str]:
    """Return label → fingerprint of the training, of a comparison's variants whose training was started."""
    children = [run.data.tags for run in list_children(client, run_id)]
    return {tags[VARIANT]: tags["fingerprint"] for tags in children if VARIANT in tags and "fingerprint" in tags}


def read_training_seconds(client: "MlflowClient", run_id: str) -> dict[str, float]:
    """Return label → seconds of training, of a comparison's variants that were trained to the end."""
    runs = [run for run in list_children(client, run_id) if VARIANT in run.data.tags and SECONDS in run.data.metrics]
    return {run.data.tags[VARIANT]: run.data.metrics[SECONDS] for run in runs}


def _record(
    client: "MlflowClient",
    run_id: str,
    settings: Mapping[str, Any],
    report: Report,
    samples: "Image",
    bundle: Path,
    checkpoints: Path,
) -> None:
    log_parameters(client, run_id, flatten({"settings": settings}))
    log_report(client, run_id, report)
    log_curves(client, run_id, report.curve_table().to_dict("records"))
    fingerprint = client.get_run(run_id).data.tags["fingerprint"]
    client.log_metric(run_id, SECONDS, float((checkpoints / fingerprint / "seconds").read_text(encoding="utf-8")))
    client.log_image(run_id, samples, artifact_file="views/samples.png")
    client.log_artifacts(run_id, str(bundle), "bundle")
