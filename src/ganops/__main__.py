"""`python -m ganops [options of kedro run]`: `kedro run` of this project, from any folder."""

import os
import sys
from pathlib import Path

from ganops.errors import ConfigurationError
from ganops.tracking.location import project


def main() -> None:
    """Go to the project and run; the exit code is that of `kedro run`."""
    try:
        folder = _project_folder()
    except ConfigurationError as error:
        sys.exit(f"Error: {error}")
    # Kedro takes the project, and its logging file, from the working directory.
    os.chdir(folder)
    from kedro.framework.cli.cli import KedroCLI

    KedroCLI(project_path=folder).main(args=["run", *sys.argv[1:]], prog_name="kedro")


def _project_folder() -> Path:
    folder = project()
    if not (folder / "pyproject.toml").is_file():
        raise ConfigurationError(
            "python -m ganops",
            expected="ganops installed from its project folder (pip install -e .)",
            received=f"no pyproject.toml in {folder}",
            remedy="Run `make run` in a clone of the project.",
        )
    return folder


if __name__ == "__main__":
    main()
