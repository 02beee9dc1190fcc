"""The parameters of the data preparation. Torch-free."""

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from ganops.config import MOST_IMAGES, MOST_WIDTH, SOURCE_FIELDS, FieldName, Seed, SourceKind
from ganops.errors import ConfigurationError
from ganops.parameters import Parameters

TokenKind = Literal["words", "characters", "byte_pairs"]
ClassKind = Literal["folders", "labels", "names", "none"]
PairKind = Literal["grey_to_colour", "colour_to_grey", "edges_to_picture", "left_to_right", "right_to_left", "folders"]
SIDE_BY_SIDE: tuple[PairKind | None, ...] = ("left_to_right", "right_to_left")
"""Pairs whose pictures both lie in one file."""
_SOURCES_OF_CLASSES: dict[ClassKind, tuple[SourceKind, ...]] = {
    "folders": ("image_folder", "audio_folder"),
    "labels": ("image_folder", "idx", "arrays", "table"),
    "names": ("audio_folder",),
    "none": ("image_folder", "idx", "arrays", "table", "audio_folder"),
}


def _find_sources(field: FieldName) -> tuple[SourceKind, ...]:
    """Return the sources that fill a field."""
    return tuple(source for source, filled in SOURCE_FIELDS.items() if filled == field)


_SOURCES_OF_KEYS: dict[str, tuple[SourceKind, ...]] = {
    "dataset": ("torchvision", "stacked_mnist"),
    **dict.fromkeys(("height", "width", "channels", "white"), _find_sources("image")),
    **dict.fromkeys(("sample_rate", "clip_seconds"), ("audio_folder",)),
    **dict.fromkeys(("tokens", "longest_line", "vocabulary_size"), _find_sources("tokens")),
}
"""Key → the sources that it is for; of others it is null."""
PAIRED_FIELDS: tuple[FieldName, ...] = ("image",)
"""The fields whose samples may have an input each."""
MASKED_FIELDS: tuple[FieldName, ...] = ("image",)
"""The fields whose samples may have holes."""
MOST_TOKENS, MOST_ENTRIES, LEAST_BYTE_PAIRS = 1024, 2**16 - 1, 256


class PictureLimits(Parameters):
    """Limits on reading files of pictures, so that a hostile or damaged one does not fill memory or disk."""

    key: ClassVar[str] = "data_preparation.limits"

    megapixels: int = Field(default=52, ge=1, le=160, description="of a picture; a third of it for JPEG 2000")
    file_megabytes: int = Field(default=64, ge=1, le=2**16, description="of a picture's file, unpacked")
    header_kilobytes: int = Field(default=64, ge=1, le=2**20, description="of the header of one entry of a tar")
    expansion: int = Field(default=200, ge=1, le=10**6, description="bytes unpacked per byte of an archive")


DEFAULT_LIMITS = PictureLimits()


class DataPreparationParameters(Parameters):
    """How raw pictures, clips or lines become the store."""

    key: ClassVar[str] = "data_preparation"

    source: SourceKind
    dataset: str | None = Field(description="for torchvision: which of its data sets")
    height: int | None = Field(ge=4, le=MOST_WIDTH, description="pixels; None: derived from the pictures")
    width: int | None = Field(ge=4, le=MOST_WIDTH, description="pixels; None: derived from the pictures")
    channels: Literal[1, 2, 3, 4] | None = Field(description="None: derived from the pictures")
    limit: int | None = Field(ge=10, le=MOST_IMAGES, description="pictures kept, stratified; None: all")
    validation_share: float = Field(ge=0.0, lt=1.0)
    held_out_share: float | None = Field(gt=0.0, lt=1.0, description="None: the data set's own test part")
    tolerated_bad_share: float = Field(ge=0.0, lt=1.0)
    tokens: TokenKind | None = Field(description="of text: words, between white space, characters, or byte pairs")
    longest_line: int | None = Field(
        ge=2, le=MOST_TOKENS, description="tokens; None: those of the longest line, at most 64"
    )
    vocabulary_size: int | None = Field(
        ge=2,
        le=MOST_ENTRIES,
        description="the most frequent tokens are kept; None: 32,767, of byte pairs 2,000",
    )
    classes: ClassKind | None = Field(description="what sub-folders mean, which labels count; None: an error in doubt")
    pairs: PairKind | None = Field(description="where the input of each picture comes from; None: pictures have none")
    masks: str | None = Field(description="a folder or archive of masks, the holes of pictures; None: there are none")
    invert_masks: bool = Field(description="whether black is to be filled, not white")
    white: int | None = Field(ge=1, le=65535, description="the value that is white; None: derived from the pictures")
    sample_rate: int | None = Field(ge=1000, le=192_000, description="of clips, in hertz; None: derived from them")
    clip_seconds: float | None = Field(gt=0, le=60, description="length of a clip; None: derived from the clips")
    limits: PictureLimits
    seed: Seed

    @model_validator(mode="after")
    def _check_keys_of_other_sources(self) -> "DataPreparationParameters":
        for name, sources in _SOURCES_OF_KEYS.items():
            self._check_source(name, name, sources)
        if self.classes is not None:
            self._check_source("classes", self.classes, _SOURCES_OF_CLASSES[self.classes])
        return self

    def _check_source(self, name: str, what: str, sources: tuple[SourceKind, ...]) -> None:
        """Raise ConfigurationError where a key is set, although what it says is for other sources."""
        if getattr(self, name) is not None and self.source not in sources:
            raise ConfigurationError(
                f"{self.key}.{name}",
                expected=f"null, because {what} is for {', '.join(sources)} and the source is {self.source}",
                received=repr(getattr(self, name)),
                remedy=f"Leave {self.key}.{name} null.",
            )

    @model_validator(mode="after")
    def _check_pairs(self) -> "DataPreparationParameters":
        if self.pairs is None:
            return self
        if SOURCE_FIELDS[self.source] not in PAIRED_FIELDS:
            sources = [source for source, field in SOURCE_FIELDS.items() if field in PAIRED_FIELDS]
            raise self._no_such_pairs(
                f"null, because the source is {self.source}", f"A source of pictures has pairs: {', '.join(sources)}."
            )
        if self.pairs == "folders" and self.source != "image_folder":
            raise self._no_such_pairs(
                f"other than folders, because the source is {self.source}",
                "Pairs of two folders are read by image_folder.",
            )
        if self.pairs == "folders" and self.classes not in (None, "none"):
            raise self._no_such_pairs(
                f"other than folders with classes={self.classes}",
                f"Leave {self.key}.classes null: the folders are named input and target.",
            )
        return self

    @model_validator(mode="after")
    def _check_masks(self) -> "DataPreparationParameters":
        if self.masks is not None and (SOURCE_FIELDS[self.source] not in MASKED_FIELDS or self.pairs is not None):
            raise ConfigurationError(
                f"{self.key}.masks",
                expected=f"null with the source {self.source}{f' and pairs={self.pairs}' if self.pairs else ''}",
                received=repr(self.masks),
                remedy="Masks are for pictures without inputs; leave it null.",
            )
        if self.invert_masks and self.masks is None:
            raise ConfigurationError(
                f"{self.key}.invert_masks",
                expected=f"false without {self.key}.masks",
                received="true",
                remedy=f"Set {self.key}.masks too.",
            )
        return self

    @property
    def kind_of_classes(self) -> ClassKind | None:
        """Return what sub-folders mean: no classes, where they are named input and target."""
        return "none" if self.pairs == "folders" else self.classes

    def _no_such_pairs(self, expected: str, remedy: str) -> ConfigurationError:
        return ConfigurationError(f"{self.key}.pairs", expected=expected, received=str(self.pairs), remedy=remedy)

    @model_validator(mode="after")
    def _check_tokens(self) -> "DataPreparationParameters":
        if self.source in _find_sources("tokens") and self.tokens is None:
            raise ConfigurationError(
                f"{self.key}.tokens",
                expected=f"words, characters or byte_pairs, since the source {self.source} is text",
                received="null",
                remedy=f"Set {self.key}.tokens=words for languages that put spaces between words, else characters.",
            )
        if self.tokens == "byte_pairs" and self.vocabulary_size is not None and self.vocabulary_size < LEAST_BYTE_PAIRS:
            raise ConfigurationError(
                f"{self.key}.vocabulary_size",
                expected=f"at least {LEAST_BYTE_PAIRS}, since all bytes are tokens",
                received=str(self.vocabulary_size),
                remedy=f"Raise {self.key}.vocabulary_size, or leave it null.",
            )
        return self

    @model_validator(mode="after")
    def _check_training_share(self) -> "DataPreparationParameters":
        taken = self.validation_share + (self.held_out_share or 0.0)
        if taken >= 1.0:
            raise ConfigurationError(
                f"{self.key}.validation_share and {self.key}.held_out_share",
                expected="a sum below 1",
                received=f"{taken:g}",
                remedy="Lower one of them: what they leave is the training split.",
            )
        return self
