"""The training of an environment, by one of several processes that a launcher started: no other node, no MLflow run."""

import logging
import os
from pathlib import Path
from typing import Any

from kedro.framework.project import settings
from kedro.io import DataCatalog

from ganops.config import TrainingParameters
from ganops.configuration.config_checks import check_environment, check_overrides_visible_to_dvc
from ganops.errors import ConfigurationError

logger = logging.getLogger(__name__)
_NEEDED = ("store", "checkpoints")


def join(project: Path, environment: str | None, runtime_parameters: dict[str, Any]) -> None:
    """Take part; the configuration is read as `kedro run` reads it.

    Raises:
        ConfigurationError: no launcher has started this process.
    """
    from ganops.launch.launch import join_training
    from ganops.reporting.progress import training_progress

    processes = _processes()
    os.chdir(project)
    configuration = project / settings.CONF_SOURCE
    loader = settings.CONFIG_LOADER_CLASS(
        str(configuration), env=environment, runtime_params=runtime_parameters, **settings.CONFIG_LOADER_ARGS
    )
    check_environment(loader.environments(), environment)
    check_overrides_visible_to_dvc(configuration, environment)
    catalog = DataCatalog.from_config({name: loader["catalog"][name] for name in _NEEDED})
    parameters = TrainingParameters.parse(loader["parameters"][TrainingParameters.key])
    store, checkpoints = (catalog.load(name) for name in _NEEDED)
    join_training(store, parameters, checkpoints, processes, training_progress, logger.info)


def _processes() -> int:
    if "RANK" not in os.environ:
        raise ConfigurationError(
            "kedro train",
            expected="a process that a launcher started, with RANK and WORLD_SIZE in its environment",
            received="no RANK",
            remedy="Start it by torchrun, such as `torchrun --nproc-per-node 2 -m kedro train`. Without a launcher, "
            "`kedro run --params training.processes=2` launches the processes by itself.",
        )
    return int(os.environ["WORLD_SIZE"])
