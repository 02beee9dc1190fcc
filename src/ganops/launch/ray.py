"""Several processes of one training, on a Ray cluster: the machines that RAY_ADDRESS leads to, else this one."""

import os
import shutil
import uuid
from typing import Any

from ganops.errors import ConfigurationError, GanopsError
from ganops.launch.worker import TrainingJob, WorkerFailure, joined, play, speak


def launch_ray(work: TrainingJob) -> None:
    """The whole training, by settings.processes workers of Ray Train, whose result is the last checkpoint.

    Raises:
        ConfigurationError: Ray is not installed.
        GanopsError: a worker met it.
        WorkerFailure: a worker was lost, or met an error that is nobody's mistake.
    """
    ray = _ray()
    from ray.train import FailureConfig, RunConfig, ScalingConfig  # pyright: ignore[reportMissingImports]
    from ray.train.torch import TorchConfig, TorchTrainer  # pyright: ignore[reportMissingImports]

    settings, ours = work.settings, not ray.is_initialized()
    if ours:
        ray.init(log_to_driver=True, include_dashboard=False)
    notes = work.checkpoints / f"ray-{uuid.uuid4().hex}"  # Ray's own, of which nothing is needed afterwards
    on_devices = settings.device == "cuda"
    try:
        TorchTrainer(
            _part,
            train_loop_config={"work": work},
            torch_config=TorchConfig(backend="cpu:gloo,cuda:nccl" if on_devices else "gloo"),
            scaling_config=ScalingConfig(num_workers=settings.processes, use_gpu=on_devices),
            run_config=RunConfig(
                storage_path=str(notes),
                failure_config=FailureConfig(max_failures=0),
                worker_runtime_env={"env_vars": _environment()},
            ),
        ).fit()
    except Exception as error:
        raise _mistake(error) or WorkerFailure(f"one was lost: {error}") from None
    finally:
        shutil.rmtree(notes, ignore_errors=True)
        if ours:
            ray.shutdown()


def _part(config: dict[str, Any]) -> None:
    speak()
    work: TrainingJob = config["work"]
    with joined(work.settings.device) as world:
        play(work, world)


def _environment() -> dict[str, str]:
    """Of a worker: where MLflow's store is, and how long threads that wait for one another spin."""
    names = ("MLFLOW_TRACKING_URI", "GOMP_SPINCOUNT")
    return {name: os.environ[name] for name in names if name in os.environ}


def _mistake(error: BaseException) -> GanopsError | None:
    """The user's mistake among the workers' errors."""
    for failure in [error, *getattr(error, "worker_failures", {}).values()]:
        cause = getattr(failure, "cause", failure)
        if isinstance(cause, GanopsError):
            return cause
    return None


def _ray() -> Any:
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
