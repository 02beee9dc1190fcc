import errno
import inspect
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.cli.utils import find_run_command
from kedro.framework.project import configure_project
from kedro.io import DatasetError
from kedro.validation.exceptions import ParameterValidationError

from ganops import cli
from ganops.errors import DataError

MISTAKE = DataError("numbers.txt", expected="numbers", received="nothing", remedy="Write some.")


def _command_that_raises(error: BaseException, cause: BaseException | None = None) -> click.Command:
    @click.command()
    @cli.report_user_errors
    def command() -> None:
        raise error from cause

    return command


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (_command_that_raises(MISTAKE), str(MISTAKE)),
        (_command_that_raises(DatasetError("Failed while loading"), MISTAKE), str(MISTAKE)),
        (_command_that_raises(ParameterValidationError("training.batch: too small")), "training.batch: too small"),
    ],
)
def test_a_mistake_of_the_user_is_one_line_on_stderr(command: click.Command, message: str) -> None:
    result = CliRunner().invoke(command)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {message}\n")


def test_any_other_error_keeps_its_traceback() -> None:
    result = CliRunner().invoke(_command_that_raises(ZeroDivisionError("a bug")))
    assert isinstance(result.exception, ZeroDivisionError)


def test_run_has_the_options_of_kedro_and_leaves_the_original_unchanged() -> None:
    command = cli.cli.commands["run"]
    assert command.callback is not None
    assert kedro_run.callback is not None
    assert command.params == kedro_run.params
    assert command.callback is not kedro_run.callback
    assert inspect.unwrap(command.callback) is inspect.unwrap(kedro_run.callback)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--pipelines", "trainning"], "--pipelines: expected one of data_preparation, .* Did you mean training?"),
        (["--from-nodes", "evalate"], "--from-nodes: expected one of prepare, .* Did you mean evaluate?"),
        (["--pipelines", "training", "--nodes", "register"], "--nodes: expected one of train, draw_curves, received"),
        (["--from-inputs", "stor"], "--from-inputs: expected one of .*Did you mean store?"),
        (["--to-outputs", "reprot"], "--to-outputs: expected one of .*Did you mean report?"),
        (["--tags", "fast"], "--tags: expected no value, .* Leave --tags out"),
        (["--namespaces", "x"], "--namespaces: expected no value, .* Leave --namespaces out"),
        (
            ["--from-nodes", "register", "--to-nodes", "prepare"],
            "--from-nodes, --to-nodes: expected options that together leave at least one node",
        ),
        (["--runner", "Sequentialruner"], "--runner: expected one of Seq.*Did you mean SequentialRunner?"),
        (["--runner-params", "workers=2"], "--runner-params: .*received 'workers'"),
        (["--pipeline", "training", "--pipelines", "training"], "cannot be used together"),
        (["--load-versions", "store"], "Error: Expected the form of"),
        (["--params", "training.seed=${"], "The options of kedro run: expected --params key=value"),
        (["--params", "training.seed=[1"], "The options of kedro run: expected --params key=value"),
        (["--params", "training.seed=!!python/object:os.system {}"], "The options of kedro run: expected --params"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_one(options: list[str], message: str) -> None:
    configure_project("ganops")
    result = CliRunner().invoke(cli.cli, ["run", *options])
    assert result.exit_code == 1
    assert re.search(message.replace("?", r"\?"), result.stderr)
    assert "Traceback" not in result.output


def test_a_config_file_of_something_else_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "options.yml").write_text("walk: {env: smoke}\n", encoding="utf-8")
    result = CliRunner().invoke(cli.cli, ["run", "--config", str(tmp_path / "options.yml")])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: The options of kedro run: expected --params key=value")


def test_kedro_and_its_deployers_find_the_command_run() -> None:
    assert find_run_command("ganops") is cli.cli.commands["run"]


def test_a_file_without_permission_is_one_line() -> None:
    error = PermissionError(errno.EACCES, "Permission denied", "data/01_raw/mnist")
    result = CliRunner().invoke(_command_that_raises(DatasetError("Failed while loading"), error))
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: data/01_raw/mnist: expected a file or folder that may be read and written")


def test_a_missing_bundle_is_named_and_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    result = CliRunner().invoke(cli.cli, ["generate", str(tmp_path / "bundle"), "--to", str(tmp_path)])
    assert result.exit_code == 1
    assert "bundle" in result.stderr
    assert list(tmp_path.iterdir()) == []
