"""Requests to a trained generator. The JSON schema of a game's request is the server's."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class GenerationRequest(BaseModel):
    """A number of samples and the seed of their noise: what every game understands."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    n: int = Field(default=1, ge=1, le=2**20, description="how many samples")
    seed: int = Field(default=0, ge=0, lt=2**63, description="the same seed gives the same samples")

    @property
    def requested_class(self) -> int | str | None:
        """Return number or name of the class asked for; None: any, or the game has no classes."""
        return None


class LatentRequest(GenerationRequest):
    """A request to a generator of latents and, where it knows classes, labels."""

    class_label: Annotated[int, Field(ge=0)] | Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(
        default=None, description="a class by its number or its name; null: drawn as in the training data"
    )
    truncation: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="the scale of the latents: less varied below 1",
    )

    @property
    def requested_class(self) -> int | str | None:
        """Return the class asked for; None: any."""
        return self.class_label


class ClipRequest(LatentRequest):
    """A request for clips of sound."""

    seconds: float | None = Field(
        default=None, ge=0.001, le=3600, description="how long each clip is; null: as long as those of the training"
    )


class TextRequest(GenerationRequest):
    """A request for lines of text."""

    prompt: str | None = Field(
        default=None, min_length=1, max_length=100_000, description="how every line begins; null: drawn as well"
    )
    temperature: float = Field(
        default=1.0, ge=0.01, le=100, description="divides the logits: likelier, less varied lines below 1"
    )


class CompletionRequest(GenerationRequest):
    """A picture with a hole to fill, and where the hole is."""

    n: int = Field(default=1, ge=1, le=1, description="1: a picture and a mask have one completion")
    image: str = Field(min_length=1, description="PNG in base64, of the size of the training pictures")
    mask: str | None = Field(
        default=None,
        min_length=1,
        description="PNG in base64, white in the hole; null: a mask drawn as in the training, from the seed",
    )


class MaskedCompletionRequest(CompletionRequest):
    """The same for a generator whose masks are files: it can draw none."""

    mask: str = Field(min_length=1, description="PNG in base64, white in the hole")  # pyright: ignore[reportIncompatibleVariableOverride]


class CompletionsRequest(CompletionRequest):
    """A picture with a hole to fill in several ways."""

    n: int = Field(default=1, ge=1, le=2**20, description="how many completions of the hole")


class MaskedCompletionsRequest(MaskedCompletionRequest):
    """The same for a generator whose masks are files: it can draw none."""

    n: int = Field(default=1, ge=1, le=2**20, description="how many completions of the hole")


class TranslationRequest(GenerationRequest):
    """A picture to translate."""

    n: int = Field(default=1, ge=1, le=1, description="1: a picture has one translation")
    input: str = Field(min_length=1, description="PNG in base64, of size and channels of the training's inputs")
