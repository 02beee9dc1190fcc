"""The record of an attempt that failed."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from ganops.training_settings import LARGEST_CLOCK

MOST_ATTEMPTS = 2**20
_Images = Annotated[int, Field(ge=0, le=LARGEST_CLOCK)]


@dataclass(frozen=True)
class FailedAttempt:
    """What was seen of a game that is not worth playing on, where, what to try, and where the next attempt began."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    images_seen: _Images
    reason: str
    remedy: str
    rolled_back_to: _Images = 0
