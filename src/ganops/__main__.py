"""`python -m ganops [options of kedro run]`: `kedro run` of this project, from any folder.

A package that is installed away from its project (`kedro package`) runs in the working directory: data, store and
checkpoints are written below it; `--conf-source` names another configuration than its folder conf.
"""

import os
import sys
from pathlib import Path
from typing import Any

from ganops.tracking.tracking_store import find_project


def main(arguments: list[str] | None = None, **options: Any) -> Any:
    """Change to the project's folder and run.

    Args:
        arguments: of `kedro run`; None: those of the command line.
        options: of click's `Command.main`, such as standalone_mode=False, which returns the run's result.
    """
    folder = find_project()
    # Kedro takes the project, and its logging file, from the working directory.
    os.chdir(folder)
    if (folder / "pyproject.toml").is_file():
        from kedro.framework.startup import bootstrap_project

        bootstrap_project(folder)
    else:
        from kedro.framework.project import configure_project

        configure_project(Path(__file__).parent.name)
    from ganops.cli import run

    return run.main(sys.argv[1:] if arguments is None else arguments, prog_name="kedro run", **options)


if __name__ == "__main__":
    main()
