"""What a version tells of where it comes from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """Where a version comes from; empty where it is not known. Every field becomes a tag."""

    git_commit: str = ""
    git_dirty: str = "true"
    dvc_lock_sha256: str = ""
    training_run: str = ""

    @property
    def clean(self) -> bool:
        """Whether the commit alone says what ran."""
        return bool(self.git_commit) and self.git_dirty == "false"
