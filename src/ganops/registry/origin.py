"""What a version tells of where it comes from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """Where a version comes from; empty where it is not known. Every field becomes a tag.

    Attributes:
        git_commit: of the working tree.
        git_dirty: whether that tree holds code or configuration that the commit does not: true, false or unknown.
        git_problem: why git failed, in its own words.
        dvc_lock_sha256: of dvc.lock.
        training_run: the MLflow run that trained it.
        overrides: what no commit holds of its parameters: conf/local, and the keys of `--params`.
    """

    git_commit: str = ""
    git_dirty: str = "unknown"
    git_problem: str = ""
    dvc_lock_sha256: str = ""
    training_run: str = ""
    overrides: str = ""

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why the commit alone does not say what ran: reasons against a champion."""
        doubts = self._doubts_about_the_tree()
        if not self.overrides:
            return doubts
        return (*doubts, f"made with {self.overrides}, which no commit holds: write it to conf, commit, and run again")

    def _doubts_about_the_tree(self) -> tuple[str, ...]:
        if self.git_commit and self.git_dirty == "false":
            return ()
        if self.git_dirty == "unknown":
            reason = self.git_problem or "git was not run"
            return (f"made from a tree whose state is unknown ({reason}): make git work there, and run again",)
        return ("made from an unclean tree: commit, and run again",)
