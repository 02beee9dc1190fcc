"""The project's own commands of `kedro`, and `kedro run` with one-line messages for the user's mistakes."""

import base64
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import KedroCliError
from kedro.framework.startup import ProjectMetadata
from kedro.validation.exceptions import ParameterValidationError
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from ganops.configuration.run_options import check_runner, check_selection
from ganops.errors import ConfigurationError, GanopsError
from ganops.files import storage_error
from ganops.tracking.masking import mask_secrets

_MISTAKES = (GanopsError, ParameterValidationError, KedroCliError)
# Errors of the parsers of options.
_PARSER_ERRORS = (YAMLError, OmegaConfBaseException, ValueError, LookupError, TypeError, AttributeError, RecursionError)


def report_user_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a command: a user's mistake ends it with one message on stderr and exit code 1, without a traceback."""

    @functools.wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except Exception as error:
            mistake = _find_mistake(error)
            if mistake is None:
                raise
            raise click.ClickException(mask_secrets(str(mistake))) from None

    return wrapped


def _find_mistake(error: BaseException | None) -> BaseException | None:
    """Return the user's mistake among an error and its causes: Kedro wraps errors of datasets and of parameters."""
    while error is not None and not isinstance(error, _MISTAKES):
        if isinstance(error, OSError) and error.filename and (storage := storage_error(error)):
            return storage
        error = error.__cause__
    return error


class _RunCommand(click.Command):
    """`kedro run`, where a wrong option ends the command with a message of one line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does; turn errors of Kedro's parsers of --params and --config into messages of one line."""
        try:
            return super().parse_args(ctx, args)
        except KedroCliError as error:
            raise click.ClickException(error.message) from None
        except _PARSER_ERRORS as error:
            mistake = ConfigurationError(
                "The options of kedro run",
                expected="--params key=value, values in YAML; --config FILE, a YAML file with options below `run:`",
                received=" ".join(f"{type(error).__name__}: {error}".split()),
                remedy="Correct the option, and quote a value that holds special characters of YAML.",
            )
            raise click.ClickException(str(mistake)) from None


def _build_run() -> click.Command:
    """Return Kedro's own `run`, with all its options and the checks of this module."""
    assert kedro_run.callback is not None
    callback = report_user_errors(require_single_process(check_names(kedro_run.callback)))
    return _RunCommand("run", params=kedro_run.params, callback=callback, help=kedro_run.help)


def require_single_process(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a command: started by torchrun, each of its processes would run every node and open an MLflow run."""

    @functools.wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        processes = int(os.environ.get("WORLD_SIZE", "1"))
        if processes > 1:
            raise ConfigurationError(
                "kedro run",
                expected="one process",
                received=f"WORLD_SIZE={processes}, as a launcher such as torchrun sets it",
                remedy="Let it launch `-m kedro train` with the same options; then start `kedro run` alone, which "
                "takes the finished training. On one machine training.processes needs no launcher.",
            )
        return command(*arguments, **options)

    return wrapped


def check_names(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a command: options that name something unknown, or select no node, are errors before anything runs."""

    @functools.wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        check_selection(options)
        check_runner(options["runner"] or "SequentialRunner", options["runner_params"])
        return command(*arguments, **options)

    return wrapped


def _build_train() -> click.Command:
    """Return `train`, with the options of `run` that choose data and parameters."""
    options = [option for option in kedro_run.params if option.name in ("env", "params")]
    return click.Command(
        "train", params=options, callback=click.pass_obj(report_user_errors(train)), help=train.__doc__
    )


def train(metadata: ProjectMetadata, env: str | None, params: dict[str, Any]) -> None:
    """Run the training alone, as one of the processes that torchrun or a cluster's launcher started.

    The finished training stays among the checkpoints; the next `kedro run` with the same options takes it from there.
    """
    from ganops.torchrun_worker import run_worker

    run_worker(metadata.project_path, env, params)


@click.group(name="ganops")
def cli() -> None:
    """Train, evaluate and ship generative adversarial networks."""


# Kedro and its deployment plugins import the command under this name.
run = _build_run()
cli.add_command(run)
cli.add_command(_build_train())


@cli.group()
def dvc() -> None:
    """Keep dvc.yaml up to date with the pipelines."""


@dvc.command()
@click.option("--check", is_flag=True, help="Write nothing; fail where dvc.yaml is out of date.")
@click.pass_obj
@report_user_errors
def sync(metadata: ProjectMetadata, check: bool) -> None:
    """Generate dvc.yaml from the pipelines and the catalog."""
    from kedro.framework.project import pipelines

    from ganops.dvc_stages import dvc_yaml, stages

    content = stages.derive(metadata.project_path, metadata.package_name, dict(pipelines))
    if check:
        dvc_yaml.check(metadata.project_path, content)
    changed = not check and dvc_yaml.write(metadata.project_path, content)
    click.echo(f"dvc.yaml {'was written' if changed else 'is up to date'} ({len(content['stages'])} stages).")


@cli.command()
@click.argument("model")
@click.option("--n", type=int, help="How many samples; default: 1.")
@click.option("--seed", type=int, help="The same seed gives the same samples; default: 0.")
@click.option(
    "--class",
    "class_label",
    help="Class of all samples, by name or number; default: classes as frequent as in training.",
)
@click.option("--truncation", type=float, help="Scale of the latents; below 1 samples vary less. Default: 1.")
@click.option("--seconds", type=float, help="Of clips: they are cut at the end. Default: the length of the training's.")
@click.option("--temperature", type=float, help="Of text: likelier, less varied lines below 1. Default: 1.")
@click.option("--prompt", help="Of text: how every line begins.")
@click.option("--image", type=click.Path(exists=True, path_type=Path), help="PNG to complete, or a folder of them.")
@click.option("--input", type=click.Path(exists=True, path_type=Path), help="PNG to translate, or a folder of them.")
@click.option(
    "--mask",
    type=click.Path(exists=True, path_type=Path),
    help="PNG, white in the hole; with a folder of pictures: a folder of masks with their names.",
)
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder to write to; created if missing.",
)
@report_user_errors
def generate(model: str, folder: Path, **options: Any) -> None:
    """Write samples of MODEL (models:/NAME@champion, models:/NAME/VERSION, or a bundle's folder).

    Pictures are written as PNG files, clips as WAV files, points as points.csv, text as lines.txt.
    """
    from ganops.registry.generate import generate_from_folders, generate_to_folder
    from ganops.reporting.progress import step_bar
    from ganops.tracking.tracking_store import tracking_uri

    # The registry of this project, also from its sub-folders.
    os.environ["MLFLOW_TRACKING_URI"] = tracking_uri()
    values = {name: value for name, value in options.items() if value is not None}
    inputs = {name: value for name, value in values.items() if isinstance(value, Path)}
    if any(path.is_dir() for path in inputs.values()):
        _check_folders(inputs)
        others = {name: value for name, value in values.items() if name not in inputs}
        count = len(generate_from_folders(model, others, inputs, folder, step_bar("pictures")))
    else:
        generate_to_folder(model, {name: _to_json(value) for name, value in values.items()}, folder)
        count = values.get("n", 1)
    click.echo(f"{count} samples in {folder}")


def _check_folders(inputs: dict[str, Path]) -> None:
    """Raise a UsageError where one is a folder and another a file."""
    files = [f"--{name} {path}" for name, path in inputs.items() if not path.is_dir()]
    if files:
        raise click.UsageError(f"{', '.join(files)} is a file beside a folder. Give two files or two folders.")


def _to_json(value: Any) -> Any:
    return base64.b64encode(value.read_bytes()).decode("ascii") if isinstance(value, Path) else value


@cli.command()
@click.argument("model")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=5002, show_default=True, help="0: any free port.")
@report_user_errors
def serve(model: str, host: str, port: int) -> None:
    """Serve MODEL (models:/NAME@champion or models:/NAME/VERSION) over HTTP.

    MLflow's server, with limits on requests; it starts only where the version's files are those that were registered.
    """
    from ganops.registry.serve import serve as start_server
    from ganops.tracking.tracking_store import tracking_uri

    os.environ["MLFLOW_TRACKING_URI"] = tracking_uri()
    start_server(model, host, port, click.echo)
