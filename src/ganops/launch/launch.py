"""Launches a training: from a store and parameters to its outputs, in one process or in several."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from ganops.bundle import BundleData
from ganops.config import FieldName
from ganops.data.store import Store
from ganops.errors import ConfigurationError, TrainingError
from ganops.games.resolve import Derivation, Hardware, explain_defaults, resolve
from ganops.hardware import choose_device, core_count, multiplies_bf16_faster
from ganops.launch.worker import TrainingJob, WorkerFailure, process_group, read_result, run_worker
from ganops.training.checkpoint import read_finished
from ganops.training.tracker import OpenTracker
from ganops.training.train import TrainingResult
from ganops.training_config import TrainingParameters
from ganops.training_settings import SampleSpec, Settings

logger = logging.getLogger(__name__)

MAX_RESTARTS = 3
SPEC_SIZES: dict[FieldName, tuple[str, ...]] = {
    "image": ("channels", "image_height", "image_width"),
    "point": ("channels",),
    "wave": ("channels", "image_width"),
    "tokens": ("image_width",),
}
"""Field → the names in SampleSpec of the sizes of a stored sample."""


@dataclass(frozen=True)
class TrainingOutputs:
    """The files of a finished training."""

    settings: Settings
    state: dict[str, Tensor]
    bundle: BundleData
    curves: pd.DataFrame
    digests: pd.DataFrame
    snapshots: dict[str, Tensor]


def launch_training(
    store: Store,
    parameters: TrainingParameters,
    *,
    checkpoints: Path,
    open_tracker: OpenTracker,
    show_settings: Callable[[Sequence[Derivation]], object],
) -> TrainingOutputs:
    """Train, in training.processes processes, and return the outputs.

    Args:
        store: the data.
        parameters: overrides of the recipe's settings.
        checkpoints: folder of the checkpoints of all trainings.
        open_tracker: opens the tracker of the run, in the main process of the training; picklable.
        show_settings: called once, before training, with the derived settings.
    """
    job = _job(store, parameters, checkpoints, open_tracker)
    sample, train_count = sample_spec(store), len(store.indices("train"))
    show_settings(explain_defaults(parameters, sample, train_count, job.settings))
    if job.settings.execution.processes > 1:
        launch_workers(job)
        result = read_result(job)
    else:
        result = run_worker(job)
    return _outputs(result, job.settings, store)


def join_training(
    store: Store, parameters: TrainingParameters, *, checkpoints: Path, processes: int, open_tracker: OpenTracker
) -> None:
    """Train as one of `processes` that a launcher has started; the last checkpoint is all that this leaves."""
    job = _job(store, parameters.model_copy(update={"processes": processes}), checkpoints, open_tracker)
    with process_group(job.settings.runtime.device) as distributed:
        run_worker(job, distributed)


def launch_workers(job: TrainingJob) -> None:
    """Train in settings.execution.processes workers; the result is the last checkpoint.

    When a worker fails, all restart from the last checkpoint, at most three times.

    Raises:
        GanopsError: a worker raised it; it is not retried.
        TrainingError: workers failed too often.
    """
    settings = job.settings
    _require_devices(settings)
    launch = _launcher(settings)
    for restarts_left in reversed(range(MAX_RESTARTS + 1)):
        try:
            return launch(job)
        except WorkerFailure as failure:
            if not restarts_left:
                raise _too_many_failures(failure) from None
            logger.warning(
                "%s; restarting all %d workers from the last checkpoint (%d restarts left).",
                failure,
                settings.execution.processes,
                restarts_left,
            )


def sample_spec(store: Store) -> SampleSpec:
    """Return what the samples of a store are, of the first field that can be generated."""
    field = next(filter(store.fields.__contains__, SPEC_SIZES))
    form = store.fields[field]
    sizes = dict(zip(SPEC_SIZES[field], form.shape, strict=True))
    of_field = {"field": field, "classes": len(store.classes), "sample_rate": form.sample_rate or 0}
    inputs = store.fields["input"].shape[0] if "input" in store.fields else 0
    vocabulary = {} if store.vocabulary is None else {"channels": len(store.vocabulary)}
    others = {"input_channels": inputs, "masks": "mask" in store.fields}
    return SampleSpec.model_validate({**of_field, **others, **sizes, **vocabulary})


def detect_hardware(parameters: TrainingParameters) -> Hardware:
    """Return the requested device and threads, or those of this machine."""
    device = choose_device(parameters.device)
    return Hardware(device, parameters.threads or core_count(), multiplies_bf16_faster(device))


def _job(store: Store, parameters: TrainingParameters, checkpoints: Path, open_tracker: OpenTracker) -> TrainingJob:
    continue_from = Path(parameters.continue_from).absolute() if parameters.continue_from else None
    digest = read_finished(continue_from)[0] if continue_from else None
    settings = resolve(parameters, sample_spec(store), len(store.indices("train")), detect_hardware(parameters), digest)
    _require_shared_device(settings)
    _require_validation(settings, store)
    # Absolute paths: a worker may have another working directory.
    return TrainingJob(
        store=store.path.absolute(),
        settings=settings,
        checkpoints=checkpoints.absolute(),
        continue_from=continue_from,
        open_tracker=open_tracker,
    )


def _outputs(result: TrainingResult, settings: Settings, store: Store) -> TrainingOutputs:
    bundle = BundleData(
        settings=settings,
        networks=result.ema,
        classes=store.classes if settings.sample.classes else (),
        class_frequencies=tuple(store.class_frequencies("train").tolist()) if settings.sample.classes else (),
        fingerprint=result.fingerprint,
        store_sha256=store.digest(),
        vocabulary=store.vocabulary,
    )
    return TrainingOutputs(
        settings=settings,
        state=result.state,
        bundle=bundle,
        curves=result.curves,
        digests=result.digests,
        snapshots=result.snapshots,
    )


def _launcher(settings: Settings) -> Callable[[TrainingJob], None]:
    if settings.execution.launcher == "ray":
        from ganops.launch.ray import launch_ray

        return launch_ray
    from ganops.launch.elastic import launch_elastic

    return launch_elastic


def _require_shared_device(settings: Settings) -> None:
    """Refuse several processes on mps, whose devices cannot communicate, whichever the launcher is."""
    if settings.runtime.device == "mps" and settings.execution.processes > 1:
        raise ConfigurationError(
            "training.processes",
            expected="1 with training.device=mps",
            received=str(settings.execution.processes),
            remedy="Set training.device=cpu, or training.processes=1.",
        )


def _require_validation(settings: Settings, store: Store) -> None:
    """Refuse to wait for a flat distance where there is no validation split to measure it on."""
    if settings.budget.stop_when_flat and not len(store.indices("validation")):
        raise ConfigurationError(
            "training.stop_when_flat",
            expected="false for data without a validation split, on which the distance is measured",
            received="true",
            remedy="Raise data_preparation.validation_share, or leave training.stop_when_flat false.",
        )


def _require_devices(settings: Settings) -> None:
    processes, available = settings.execution.processes, torch.cuda.device_count()
    if (settings.execution.launcher, settings.runtime.device) == ("elastic", "cuda") and available < processes:
        raise ConfigurationError(
            "training.processes",
            expected=f"at most {available}, one cuda device each",
            received=str(settings.execution.processes),
            remedy="Lower training.processes, or set training.device=cpu. Processes on several machines are joined by "
            "torchrun or Ray: docs/processes.md.",
        )


def _too_many_failures(failure: Exception) -> TrainingError:
    return TrainingError(
        f"Workers failed {MAX_RESTARTS + 1} times; the last failure: {failure}",
        remedy="Find out what ended it: the system kills a process that takes more memory than there is. "
        "Started again, the training resumes from its last checkpoint.",
    )
