"""Run git in a folder."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class GitResult:
    """The result of one command.

    Attributes:
        output: the text that git printed; empty where it failed.
        problem: git's error message; empty where it succeeded.
    """

    output: str
    problem: str = ""


def run_git(folder: Path, *arguments: str) -> GitResult:
    """Run a git command in a folder. A missing git, a missing repository and a refusal are problems, not errors."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        return GitResult("", f"git cannot be started ({error.strerror})")
    if result.returncode == 0:
        return GitResult(result.stdout.decode(errors="replace"))
    reason = " ".join(result.stderr.decode(errors="replace").split())
    return GitResult("", reason or f"git {arguments[0]} ended with code {result.returncode}")


def git(folder: Path, *arguments: str) -> str | None:
    """Return the output of a git command; None where it fails."""
    result = run_git(folder, *arguments)
    return None if result.problem else result.output


def list_tracked(folder: Path) -> list[str]:
    """List the files below a folder that git tracks, relative to the folder; empty where git fails."""
    return [name for name in (git(folder, "ls-files", "-z", "--", ".") or "").split("\0") if name]
