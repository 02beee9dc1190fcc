"""Where code and parameters of a run come from: the commit, the changes since, and parameters that no commit holds."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ganops.git import git, run_git
from ganops.parameters import flatten
from ganops.tracking.masking import is_secret_file, mask_secrets

# DVC writes these while an experiment runs: the lock after each stage, the parameters from `-S`.
_LOCK = re.compile(r"(.*/)?dvc\.lock")
_PARAMETERS = re.compile(r"conf/(dvc|[^/]+/(parameters[^/]*|globals))\.yml")
_READ_BY_THE_PROGRAM = ("src", "conf")
# Python and Kedro read these whatever .gitignore says; conf/local has its own tag.
_READ_THOUGH_IGNORED = (
    ":(glob)src/**/*.py",
    *(f":(glob)conf/**/{name}*.y*ml" for name in ("parameters", "catalog", "globals", "mlflow")),
    ":(exclude)conf/local",
)
_LOCAL, _RUNTIME = "conf_local", "runtime_parameters"
_SEPARATOR = " "
Dirty = Literal["true", "false", "unknown"]


@dataclass(frozen=True)
class Provenance:
    """Where the code comes from.

    Attributes:
        commit: full sha; empty where git fails and before the first commit.
        branch: empty when detached.
        changed: files of the project that differ from the commit, without those that DVC writes while it runs; and
            untracked files of code and configuration, which Python and Kedro read too.
        diff: the differences of tracked files as text, empty when clean; of untracked files and of files named like
            secrets only the names.
        problem: why git fails, in its own words; empty where it succeeds.
    """

    commit: str
    branch: str
    changed: tuple[str, ...]
    diff: str
    problem: str = ""

    @property
    def dirty(self) -> Dirty:
        """Return whether code or configuration differs from the commit; `unknown` where git fails."""
        if self.problem:
            return "unknown"
        return "true" if self.changed else "false"

    @property
    def tags(self) -> dict[str, str]:
        """Return the tags of a run, with MLflow's names for commit and branch."""
        tags = {"git.dirty": self.dirty, "git.problem": self.problem}
        tags |= {"mlflow.source.git.commit": self.commit, "mlflow.source.git.branch": self.branch}
        return {name: value for name, value in tags.items() if value}


def read_provenance(folder: Path) -> Provenance:
    """Read commit and changes of a project's folder from git; in a larger repository only this folder counts."""
    prefix = run_git(folder, "rev-parse", "--show-prefix")
    status = run_git(
        folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no", "--no-renames", "-z", "--", "."
    )
    if problem := prefix.problem or status.problem or _untracked_project(folder):
        return Provenance("", "", (), "", mask_secrets(problem))
    headers, changed = _parse(status.output.split("\0"), prefix.output.rstrip("\n"))
    uncommitted = _list_uncommitted(folder)
    commit = headers.get("branch.oid", "").replace("(initial)", "")
    branch = headers.get("branch.head", "").replace("(detached)", "")
    diff = _diff(folder, changed) if changed and commit else ""
    names = "".join(f"untracked, content withheld: {name}\n" for name in uncommitted)
    return Provenance(commit, branch, (*changed, *uncommitted), diff + names)


def _untracked_project(folder: Path) -> str:
    """Return why the folder has no commit: the repository around it tracks none of its files; else an empty text."""
    if git(folder, "ls-files", "--", "."):
        return ""
    return f"no file of {folder} is tracked"


def _list_uncommitted(folder: Path) -> tuple[str, ...]:
    untracked = ("ls-files", "--others", "--exclude-standard", "-z", "--", *_READ_BY_THE_PROGRAM)
    ignored = ("ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--", *_READ_THOUGH_IGNORED)
    listed = [git(folder, *arguments) or "" for arguments in (untracked, ignored)]
    return tuple(sorted({name for text in listed for name in text.split("\0") if name}))


def _diff(folder: Path, changed: tuple[str, ...]) -> str:
    """Return the diff, without the user's diff drivers: these could print what a filter keeps encrypted."""
    withheld = [name for name in changed if is_secret_file(name)]
    options = ("--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--relative")
    paths = (".", *(f":(exclude,literal){name}" for name in withheld))
    text = git(folder, "diff", *options, "HEAD", "--", *paths) or ""
    return mask_secrets(text) + "".join(f"changed, content withheld: {name}\n" for name in withheld)


def _parse(lines: list[str], prefix: str) -> tuple[dict[str, str], tuple[str, ...]]:
    headers = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# "))
    paths = [_path(line).removeprefix(prefix) for line in lines if line[:2] in ("1 ", "u ")]
    return headers, tuple(path for path in paths if not _written_by_dvc(path))


def _path(line: str) -> str:
    # `1 XY sub mH mI mW hH hI path`, `u XY sub m1 m2 m3 mW h1 h2 h3 path`
    return line.split(" ", 8 if line.startswith("1") else 10)[-1]


def _written_by_dvc(path: str) -> bool:
    inside_experiment = "DVC_EXP_NAME" in os.environ
    return bool(_LOCK.fullmatch(path) or (inside_experiment and _PARAMETERS.fullmatch(path)))


def override_tags(local_files: Iterable[str], runtime: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags that name parameters from conf/local and `--params`.

    Both tags are always there, empty where there is nothing, so that a resumed run loses those of its first session.

    Args:
        local_files: names of the files of conf/local that are in effect.
        runtime: the parameters of `--params`.
    """
    return {_LOCAL: _SEPARATOR.join(local_files), _RUNTIME: _SEPARATOR.join(sorted(flatten(runtime)))}


def read_overrides(tags: Mapping[str, str]) -> list[str]:
    """Return from a run's tags the files of conf/local that were in effect, and the keys of `--params`."""
    local = [f"conf/local/{name}" for name in tags.get(_LOCAL, "").split()]
    return local + [f"--params {key}" for key in tags.get(_RUNTIME, "").split()]
