"""The record of a failed attempt."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from ganops.training_settings import LARGEST_CLOCK

MAX_ATTEMPTS = 2**20
_Images = Annotated[int, Field(ge=0, le=LARGEST_CLOCK)]


@dataclass(frozen=True)
class FailedAttempt:
    """Why and when an attempt failed, what to try, and from where the next attempt started."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    images_seen: _Images
    reason: str
    remedy: str
    rolled_back_to: _Images = 0
