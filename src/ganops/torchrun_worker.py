"""`kedro train`: one process of a training that torchrun or a cluster's launcher started.

It runs no other node and opens no MLflow run.
"""

import os
from pathlib import Path
from typing import Any

from kedro.framework.project import settings
from kedro.io import DataCatalog

from ganops.configuration.config_checks import check_environment, check_overrides_visible_to_dvc
from ganops.errors import ConfigurationError
from ganops.training_config import TrainingParameters

_DATASETS = ("store", "checkpoints")


def run_worker(project: Path, environment: str | None, runtime_parameters: dict[str, Any]) -> None:
    """Train as one of several processes, with the configuration that `kedro run` would read.

    Raises:
        ConfigurationError: no launcher has started this process.
    """
    from ganops.launch.launch import join_training
    from ganops.reporting.progress import open_progress_bar

    processes = _process_count()
    os.chdir(project)
    configuration = project / settings.CONF_SOURCE
    loader = settings.CONFIG_LOADER_CLASS(
        str(configuration), env=environment, runtime_params=runtime_parameters, **settings.CONFIG_LOADER_ARGS
    )
    check_environment(loader.environments(), environment)
    check_overrides_visible_to_dvc(configuration, environment)
    catalog = DataCatalog.from_config({name: loader["catalog"][name] for name in _DATASETS})
    parameters = TrainingParameters.parse(loader["parameters"][TrainingParameters.key])
    store, checkpoints = (catalog.load(name) for name in _DATASETS)
    join_training(store, parameters, checkpoints=checkpoints, processes=processes, open_tracker=open_progress_bar)


def _process_count() -> int:
    if "RANK" not in os.environ:
        raise ConfigurationError(
            "kedro train",
            expected="a process that a launcher started, with RANK and WORLD_SIZE in its environment",
            received="no RANK",
            remedy="Start it by torchrun, such as `torchrun --nproc-per-node 2 -m kedro train`. Without a launcher, "
            "`kedro run --params training.processes=2` launches the processes by itself.",
        )
    return int(os.environ["WORLD_SIZE"])
