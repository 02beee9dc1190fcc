"""A training by several processes: which launcher, and what happens when one of them is lost."""

from collections.abc import Callable

import torch

from ganops.errors import ConfigurationError, TrainingError
from ganops.launch.worker import TrainingJob, WorkerFailure
from ganops.training_settings import Settings

RESTARTS = 3


def launch_workers(work: TrainingJob) -> None:
    """The whole training, by settings.processes processes; its result is the last checkpoint.

    When one of them is lost, all begin again from the checkpoint before, at most three times.

    Raises:
        GanopsError: a process met it; it is not tried again.
        TrainingError: processes were lost too often.
    """
    _require_devices(work.settings)
    launch = _launcher(work.settings)
    for restarts_left in reversed(range(RESTARTS + 1)):
        try:
            return launch(work)
        except WorkerFailure as lost:
            if not restarts_left:
                raise _given_up(lost) from None
            work.tell(f"Of {work.settings.processes} processes {lost}. All go on from the last checkpoint.")


def _launcher(settings: Settings) -> Callable[[TrainingJob], None]:
    if settings.launcher == "ray":
        from ganops.launch.ray import launch_ray

        return launch_ray
    from ganops.launch.elastic import launch_elastic

    return launch_elastic


def _require_devices(settings: Settings) -> None:
    there = torch.cuda.device_count()
    if (settings.launcher, settings.device) == ("elastic", "cuda") and there < settings.processes:
        raise ConfigurationError(
            "training.processes",
            expected=f"at most {there}, a cuda device each",
            received=str(settings.processes),
            remedy="Lower training.processes, or set training.device=cpu. Those of several machines are joined by "
            "torchrun or Ray: docs/processes.md.",
        )


def _given_up(lost: Exception) -> TrainingError:
    return TrainingError(
        "the processes of the training",
        expected="processes that end together",
        received=f"{RESTARTS + 1} times that {lost}",
        remedy="See what ended it: the system ends a process that takes more memory than there is. "
        "Started again, the training goes on from its last checkpoint.",
    )
