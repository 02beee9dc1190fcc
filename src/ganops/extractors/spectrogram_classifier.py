"""The classifier of `extractors.classifier`, trained on spectrograms of the clips: features of sound.

Its spectrogram is that of `ganops.spectrogram` with the window of `choose_window` and a hop of half a window, whatever
the generator was trained with.
"""

from typing import Any, Literal

from jaxtyping import Float
from torch import Tensor

from ganops.config import FieldName
from ganops.data.progress import Progress, no_progress
from ganops.data.store import Store
from ganops.evaluation_config import ClassifierParameters
from ganops.extractors.classifier import Classifier, ClassifierDescription, Network, Size, load_weights
from ganops.extractors.train_classifier import check_classes, fit_and_measure
from ganops.spectrogram import Spectrogram, choose_window

FORMAT = "ganops-spectrogram-classifier-1"


class SpectrogramClassifierDescription(ClassifierDescription):
    """The schema of its extractor.json; `shape` is that of a spectrogram."""

    format: Literal["ganops-spectrogram-classifier-1"]  # pyright: ignore[reportIncompatibleVariableOverride]
    samples: Size
    window: Size
    hop: Size


class SpectrogramClassifier(Classifier):
    """The trained classifier of clips, int16 (1, N), as a feature extractor."""

    name = "spectrogram_classifier"
    field: FieldName = "wave"
    file_format = FORMAT

    def __init__(self, spectrogram: Spectrogram, classes: tuple[str, ...], base_channels: int, dimension: int) -> None:
        shape = (1, spectrogram.bins, spectrogram.frames)
        super().__init__(Network(*shape, len(classes), base_channels, dimension), shape, classes, base_channels)
        self.spectrogram = spectrogram

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Return the shape of a clip."""
        return (1, self.spectrogram.samples)

    def represent(self, values: Float[Tensor, "batch 1 samples"]) -> Float[Tensor, "batch 1 bins frames"]:
        """Return the spectrograms of waves."""
        return self.spectrogram.encode(values)

    def description(self) -> dict[str, Any]:
        """Return what `restore` needs beside the weights, as JSON values."""
        spectrogram = self.spectrogram
        sizes = {"samples": spectrogram.samples, "window": spectrogram.window, "hop": spectrogram.hop}
        return super().description() | sizes


def train_spectrogram_classifier(
    store: Store, parameters: ClassifierParameters, threads: int, progress: Progress = no_progress
) -> SpectrogramClassifier:
    """Train a classifier of the classes of clips, and measure its accuracy on the other splits."""
    form = store.fields["wave"]
    window = choose_window(form.sample_rate or 0)
    spectrogram = Spectrogram(form.shape[1], window, window // 2)

    def construct() -> SpectrogramClassifier:
        return SpectrogramClassifier(spectrogram, store.classes, parameters.width, parameters.dimension)

    return fit_and_measure(construct, store, parameters, threads, progress)


def check_labelled_clips(store: Store) -> None:
    """Raise MetricError where the store has fewer than two classes."""
    check_classes(store, "Set evaluation.features=speaker_encoder, which needs no classes, or sort the clips")


def restore(description: SpectrogramClassifierDescription, content: bytes) -> SpectrogramClassifier:
    """Build the classifier from its description and the content of its weights file.

    Raises:
        WrongTensors: the weights do not fit the description.
    """
    spectrogram = Spectrogram(description.samples, description.window, description.hop)
    sizes = spectrogram, description.classes, description.base_channels, description.dimension
    return load_weights(lambda: SpectrogramClassifier(*sizes), description, content)
