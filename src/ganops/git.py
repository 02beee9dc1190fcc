"""What git says about a folder."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class GitAnswer:
    """The answer to one command.

    Attributes:
        output: what git printed.
        problem: git's own reason why it gave no answer; empty where it did.
    """

    output: str
    problem: str = ""


def ask_git(folder: Path, *arguments: str) -> GitAnswer:
    """Run a git command in a folder. A missing git, a missing repository and a refusal are problems, not errors."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        return GitAnswer("", f"git cannot be started ({error.strerror})")
    if result.returncode == 0:
        return GitAnswer(result.stdout.decode(errors="replace"))
    reason = " ".join(result.stderr.decode(errors="replace").split())
    return GitAnswer("", reason or f"git {arguments[0]} ended with code {result.returncode}")


def git(folder: Path, *arguments: str) -> str | None:
    """Return the output of a git command; None where there is no answer."""
    answer = ask_git(folder, *arguments)
    return None if answer.problem else answer.output


def list_tracked(folder: Path) -> list[str]:
    """List the files below a folder that git tracks, relative to the folder; empty where git does not answer."""
    return [name for name in (git(folder, "ls-files", "-z", "--", ".") or "").split("\0") if name]
