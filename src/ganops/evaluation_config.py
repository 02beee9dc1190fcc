"""The parameter objects of evaluation and registration, as those of `ganops.config`. Torch-free."""

from typing import Annotated, ClassVar, Literal, get_args

from pydantic import Field, model_validator

from ganops.config import (
    FEATURE_FIELDS,
    MOST_IMAGES,
    MOST_THREADS,
    MOST_WIDTH,
    NOUNS,
    FeatureKind,
    FieldName,
    PretrainedKind,
    Seed,
    Seeds,
)
from ganops.errors import ConfigurationError
from ganops.parameters import Parameters

Temperature = Annotated[float, Field(ge=0.01, le=100)]
_FIELDS_WITH_TEMPERATURE: tuple[FieldName, ...] = ("tokens",)


class ClassifierParameters(Parameters):
    """The classifier whose features evaluate data unlike those that Inception was trained on."""

    key: ClassVar[str] = "evaluation.classifier"

    total_images: int = Field(ge=1, le=MOST_IMAGES)
    batch: int = Field(ge=2, le=2**16)
    width: int = Field(ge=1, le=MOST_WIDTH, description="channels of the first convolution")
    dimension: int = Field(ge=2, le=2**14, description="features a picture")
    learning_rate: float = Field(gt=0, le=10_000)
    translation: int = Field(ge=0, le=MOST_WIDTH, description="pixels a training picture may be moved, each way")
    seed: Seed


class EvaluationParameters(Parameters):
    """How a generator is evaluated."""

    key: ClassVar[str] = "evaluation"

    features: FeatureKind
    further_features: tuple[PretrainedKind, ...] = Field(
        max_length=len(get_args(PretrainedKind)), description="fid, precision and recall by these are added"
    )
    inception_weights: str | None = Field(description="a file; None: torch's cache, else a download")
    speaker_encoder_weights: str | None = Field(
        description="pretrained.pt of the package resemblyzer; None: where that is installed"
    )
    lpips_trunk: str | None = Field(description="a file of AlexNet's weights, for LPIPS")
    lpips_heads: str | None = Field(description="a file of the weights of LPIPS; None: no LPIPS")
    samples: str | None = Field(
        description="a folder of pictures that another program made, for the pipeline evaluate_samples"
    )
    masks: str | None = Field(
        description="a folder or archive of masks: evaluation.samples fill their holes; None: they are no completions"
    )
    n: int | None = Field(ge=2, le=10**7, description="pictures evaluated; None: as many as held_out has")
    seeds: Seeds
    nearest_neighbours: int = Field(ge=1, le=10_000)
    kid_subset_size: int = Field(ge=2, le=10**6, description="where n is smaller, n")
    kid_subsets: int = Field(ge=1, le=10**5)
    temperatures: tuple[Temperature, ...] = Field(
        max_length=100, description="of text: the generator is measured at each, for a view of its report"
    )
    oracle: bool = Field(description="whether generated lines are measured by the law of the source oracle")
    threads: int = Field(ge=1, le=MOST_THREADS, description="fixed, because another number gives other bytes")
    classifier: ClassifierParameters

    @model_validator(mode="after")
    def _check_further_features(self) -> "EvaluationParameters":
        if len({self.features, *self.further_features}) <= len(self.further_features):
            raise ConfigurationError(
                f"{self.key}.further_features",
                expected=f"features other than {self.features}, each once",
                received=", ".join(self.further_features),
                remedy=f"Remove from {self.key}.further_features what {self.key}.features names, and repetitions.",
            )
        return self

    @model_validator(mode="after")
    def _check_temperatures(self) -> "EvaluationParameters":
        if self.temperatures and FEATURE_FIELDS[self.features] not in _FIELDS_WITH_TEMPERATURE:
            raise ConfigurationError(
                f"{self.key}.temperatures",
                expected=f"[], because {self.features} is for {NOUNS[FEATURE_FIELDS[self.features]].many}",
                received=", ".join(map(str, self.temperatures)),
                remedy=f"Set {self.key}.temperatures=[].",
            )
        return self

    @model_validator(mode="after")
    def _check_masks(self) -> "EvaluationParameters":
        if self.masks is not None and self.samples is None:
            raise ConfigurationError(
                f"{self.key}.masks",
                expected=f"null without {self.key}.samples, the pictures that another program completed",
                received=repr(self.masks),
                remedy=f"Set {self.key}.samples too, or leave {self.key}.masks null.",
            )
        return self

    @model_validator(mode="after")
    def _check_lpips(self) -> "EvaluationParameters":
        if (self.lpips_trunk is None) != (self.lpips_heads is None):
            raise ConfigurationError(
                f"{self.key}.lpips_trunk and {self.key}.lpips_heads",
                expected="both files or none",
                received=f"{self.lpips_trunk} and {self.lpips_heads}",
                remedy="Set both, or leave both null.",
            )
        return self


class RegistrationParameters(Parameters):
    """The limits of the gate; a limit on a metric that the report lacks is an error.

    A bound that is None is no limit: an environment removes one of the base so.
    """

    key: ClassVar[str] = "registration"

    limits: dict[str, dict[Literal["minimum", "maximum"], float | None]] = Field(default_factory=dict)
    compare_by: Literal["fid", "kid", "fwd", "inception_score", "precision", "recall", "class_accuracy", "nll"] = Field(
        description="the metric by which a challenger must be no worse than the champion, of the same features"
    )
    largest_request: int = Field(
        default=256, ge=1, le=10**5, description="pictures that one call of the server may ask for"
    )
