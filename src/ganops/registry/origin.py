"""The provenance of a registered version."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """Where a version comes from. Every field becomes a tag; unknown fields are empty.

    Attributes:
        git_commit: of the working tree.
        git_dirty: whether that tree holds uncommitted code or configuration: true, false or unknown.
        git_problem: the error of git, if it failed.
        dvc_lock_sha256: of dvc.lock.
        training_run: the MLflow run that trained it.
        overrides: the parameters outside the commit: files of conf/local, and keys of `--params`.
    """

    git_commit: str = ""
    git_dirty: str = "unknown"
    git_problem: str = ""
    dvc_lock_sha256: str = ""
    training_run: str = ""
    overrides: str = ""

    @property
    def issues(self) -> tuple[str, ...]:
        """Return why the commit alone does not determine the version; such a version cannot become champion."""
        issues = self._tree_issues()
        if not self.overrides:
            return issues
        overrides = f"built with {self.overrides}, which no commit holds; write it to conf, commit it and run again"
        return (*issues, overrides)

    def _tree_issues(self) -> tuple[str, ...]:
        if self.git_commit and self.git_dirty == "false":
            return ()
        if self.git_dirty == "unknown":
            reason = self.git_problem or "git was not run"
            return (f"built from code in an unknown state ({reason}); make git work in this folder and run again",)
        return ("built from uncommitted code; commit it and run again to make it eligible as champion",)
