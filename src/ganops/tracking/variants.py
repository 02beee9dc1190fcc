"""The run of a variant: a child of the comparison's, that says of itself what a run of its own would."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganops.config import TrainingParameters
from ganops.evaluation.report import Report
from ganops.tracking.best_effort import best_effort
from ganops.tracking.child_runs import child_run, children_of
from ganops.tracking.dataset_logging import log_curves, log_report
from ganops.tracking.mlflow_tracker import tracker_of_active_run, tracker_of_run
from ganops.tracking.parameters import flatten
from ganops.tracking.run import log_parameters
from ganops.training.tracker import Tracker

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from PIL.Image import Image

VARIANT, SECONDS = "variant", "training_seconds"


@dataclass(frozen=True)
class VariantRun:
    """Where a variant is told of; outside any run, nowhere: `client` is None."""

    client: "MlflowClient | None" = None
    run_id: str = ""

    @property
    def open_tracker(self) -> Callable[[], AbstractContextManager[Tracker]]:
        """For its training, in whichever process that runs."""
        return partial(tracker_of_run, self.run_id) if self.client else tracker_of_active_run

    def record(
        self, settings: Mapping[str, Any], report: Report, samples: "Image", bundle: Path, checkpoints: Path
    ) -> None:
        """Settings, metrics and their curve, the seconds of its training, samples.png, and the bundle's files.

        Never fatal: the results are worth more than their record.
        """
        if self.client is not None:
            arguments = (self.client, self.run_id, settings, report, samples, bundle, checkpoints)
            best_effort("A variant is trained, but its record in MLflow is not whole", partial(_record, *arguments))


@contextmanager
def variant_run(label: str, parameters: TrainingParameters) -> Iterator[VariantRun]:
    """The child of the active run by this label, the same whenever it is asked for; see `children.child_run`."""
    import mlflow

    active = mlflow.active_run()
    if active is None:
        yield VariantRun()
        return
    client = mlflow.MlflowClient()
    with child_run(client, active.info.run_id, label, {VARIANT: label}) as run_id:
        log_parameters(client, run_id, flatten({"training": parameters.model_dump(mode="json")}))
        yield VariantRun(client, run_id)


def variants_of(client: "MlflowClient", run_id: str) -> dict[str, str]:
    """Label → fingerprint of the training, of a comparison's variants that were begun."""
    tags = [run.data.tags for run in children_of(client, run_id)]
    return {told[VARIANT]: told["fingerprint"] for told in tags if VARIANT in told and "fingerprint" in told}


def seconds_of_variants(client: "MlflowClient", run_id: str) -> dict[str, float]:
    """Label → seconds of training, of the variants that were trained to the end."""
    runs = [run for run in children_of(client, run_id) if VARIANT in run.data.tags and SECONDS in run.data.metrics]
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
    log_report(client, run_id, "report", report.to_json())
    log_curves(client, run_id, report.curve_table().to_dict("records"))
    fingerprint = client.get_run(run_id).data.tags["fingerprint"]
    client.log_metric(run_id, SECONDS, float((checkpoints / fingerprint / "seconds").read_text(encoding="utf-8")))
    client.log_image(run_id, samples, artifact_file="samples.png")
    client.log_artifacts(run_id, str(bundle), "bundle")
