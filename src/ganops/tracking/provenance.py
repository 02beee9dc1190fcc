"""The commit, and what in the working tree differs from it."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

# DVC itself writes these while an experiment runs: the lock after each stage, the parameters from `-S`.
_LOCK = re.compile(r"(.*/)?dvc\.lock")
_PARAMETERS = re.compile(r"conf/(dvc|[^/]+/(parameters[^/]*|globals))\.yml")
_READ_BY_THE_PROGRAM = ("src", "conf")


@dataclass(frozen=True)
class Provenance:
    """Where the code comes from.

    Attributes:
        commit: full sha; empty outside git and before the first commit.
        branch: empty when detached.
        changed: tracked files that differ from the commit, less those that DVC writes while it runs; and files of code
            and configuration that git does not know, since Python and Kedro read them all the same.
        diff: the text of the differences, empty when clean.
    """

    commit: str
    branch: str
    changed: tuple[str, ...]
    diff: str

    @property
    def dirty(self) -> bool:
        """Whether the commit alone does not say what ran."""
        return bool(self.changed)


def read_provenance(folder: Path) -> Provenance:
    """Ask git; a folder outside git has no provenance: empty fields."""
    status = git(folder, "status", "--porcelain=v2", "--branch", "--untracked-files=no", "--no-renames", "-z")
    if status is None:
        return Provenance("", "", (), "")
    headers, changed = _parse(status.split("\0"))
    unknown = _unknown(folder)
    commit = headers.get("branch.oid", "").replace("(initial)", "")
    branch = headers.get("branch.head", "").replace("(detached)", "")
    diff = git(folder, "diff", "--no-color", "HEAD") if changed and commit else ""
    return Provenance(commit, branch, (*changed, *unknown), (diff or "") + _shown_whole(folder, unknown))


def _unknown(folder: Path) -> tuple[str, ...]:
    listed = git(folder, "ls-files", "--others", "--exclude-standard", "-z", "--", *_READ_BY_THE_PROGRAM) or ""
    return tuple(sorted(filter(None, listed.split("\0"))))


def _shown_whole(folder: Path, files: tuple[str, ...]) -> str:
    arguments = ("diff", "--no-color", "--no-index", "--", os.devnull)
    return "".join(git(folder, *arguments, file, answers=(0, 1)) or "" for file in files)


def _parse(lines: list[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    headers = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# "))
    paths = [_path(line) for line in lines if line[:2] in ("1 ", "u ")]
    return headers, tuple(path for path in paths if not _written_by_dvc(path))


def _path(line: str) -> str:
    # `1 XY sub mH mI mW hH hI path`, `u XY sub m1 m2 m3 mW h1 h2 h3 path`
    return line.split(" ", 8 if line.startswith("1") else 10)[-1]


def _written_by_dvc(path: str) -> bool:
    inside_experiment = "DVC_EXP_NAME" in os.environ
    return bool(_LOCK.fullmatch(path) or (inside_experiment and _PARAMETERS.fullmatch(path)))


def git(folder: Path, *arguments: str, answers: tuple[int, ...] = (0,)) -> str | None:
    """The output of a git command; None where git, the repository or the asked object is missing.

    `answers` are the exit codes of a command that did what was asked.
    """
    command = ["git", "-C", str(folder), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return result.stdout.decode(errors="replace") if result.returncode in answers else None
