"""Several workers of one training on a Ray cluster: the one that RAY_ADDRESS names, or a local one."""

import os
import shutil
import uuid
from typing import Any

from ganops.errors import ConfigurationError, GanopsError
from ganops.launch.worker import TrainingJob, WorkerFailure, configure_logging, process_group, run_worker


def launch_ray(job: TrainingJob) -> None:
    """Train in settings.execution.processes workers of Ray Train; the result is the last checkpoint.

    Raises:
        ConfigurationError: Ray is not installed.
        GanopsError: a worker raised it.
        WorkerFailure: a worker was lost, or raised another error.
    """
    ray = _import_ray()
    from ray.train import FailureConfig, RunConfig, ScalingConfig  # pyright: ignore[reportMissingImports]
    from ray.train.torch import TorchConfig, TorchTrainer  # pyright: ignore[reportMissingImports]

    settings, owned = job.settings, not ray.is_initialized()
    if owned:
        ray.init(log_to_driver=True, include_dashboard=False)
    storage = job.checkpoints / f"ray-{uuid.uuid4().hex}"  # Ray's own files, which are not needed afterwards
    on_devices = settings.runtime.device == "cuda"
    try:
        TorchTrainer(
            _run,
            train_loop_config={"job": job},
            torch_config=TorchConfig(backend="cpu:gloo,cuda:nccl" if on_devices else "gloo"),
            scaling_config=ScalingConfig(num_workers=settings.execution.processes, use_gpu=on_devices),
            run_config=RunConfig(
                storage_path=str(storage),
                failure_config=FailureConfig(max_failures=0),
                worker_runtime_env={"env_vars": _worker_environment()},
            ),
        ).fit()
    except Exception as error:
        raise _user_error(error) or WorkerFailure(
            f"A worker of {settings.execution.processes} was lost: {error}"
        ) from None
    finally:
        shutil.rmtree(storage, ignore_errors=True)
        if owned:
            ray.shutdown()


def _run(config: dict[str, Any]) -> None:
    """Run a worker."""
    configure_logging()
    job: TrainingJob = config["job"]
    with process_group(job.settings.runtime.device) as distributed:
        run_worker(job, distributed)


def _worker_environment() -> dict[str, str]:
    """Return a worker's variables: MLflow's store, and how long waiting threads spin."""
    names = ("MLFLOW_TRACKING_URI", "GOMP_SPINCOUNT")
    return {name: os.environ[name] for name in names if name in os.environ}


def _user_error(error: BaseException) -> GanopsError | None:
    """Return the first of the workers' errors that the user can mend."""
    for failure in [error, *getattr(error, "worker_failures", {}).values()]:
        cause = getattr(failure, "cause", failure)
        if isinstance(cause, GanopsError):
            return cause
    return None


def _import_ray() -> Any:
    try:
        import ray  # pyright: ignore[reportMissingImports]
        import ray.train.torch  # noqa: F401  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise ConfigurationError(
            "training.launcher",
            expected="elastic, since Ray is an extra that is not installed",
            received=f"ray ({error})",
            remedy="pip install 'ganops[ray]', or from a clone pip install -e '.[ray]'.",
        ) from None
    return ray
