"""Read and evaluate the samples of another program: pictures, clips, points of a table, or lines of text.

Folders of pictures and clips are their labels.
Pictures are resized and cropped as the preparation does it, so that another size or colour space changes no metric. The
protocol says how many were changed.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Int64, Shaped

from ganops.config import FieldName
from ganops.data.crop_and_resize import crop_and_resize, crop_and_resize_file
from ganops.data.decoding import read_shape
from ganops.data.progress import Progress, no_progress
from ganops.data.sound import CLIPPED, SILENT, decode_any_clip
from ganops.data.sources.audio_folder import audio_folder
from ganops.data.sources.files import list_names
from ganops.data.sources.image_folder import image_folder
from ganops.data.sources.source import SampleRef, Source, UnreadablePicture
from ganops.data.sources.text_lines import text_lines
from ganops.data.store import FieldFormat, Store
from ganops.errors import MetricError
from ganops.evaluation.evaluator import Evaluator
from ganops.evaluation.report import SAMPLES, Report, SamplesProtocol
from ganops.evaluation.requirements import check_enough, check_evaluable
from ganops.evaluation_config import EvaluationParameters
from ganops.extractors.base import FeatureExtractor
from ganops.noise import permutation
from ganops.sampling import Samples

_TABLE = "points.csv"


@dataclass(frozen=True)
class ExternalSamples:
    """N samples of one shape.

    Attributes:
        values: as the store holds them.
        labels: indices of the classes of the store; None where they are unknown.
        fitted: how many pictures had another size or number of channels, or clips another length or rate.
        silent: how many are silent clips.
        clipped: how many are clipped clips.
    """

    values: Shaped[np.ndarray, "n *shape"]
    labels: Int64[np.ndarray, " n"] | None
    fitted: int
    silent: int = 0
    clipped: int = 0

    def draw(self, n: int, seed: int) -> Samples:
        """Return n of them, in their order; where there are only n, all of them, whatever the seed."""
        chosen = np.sort(permutation(seed, "evaluation/samples", 0, len(self.values))[:n])
        labels = None if self.labels is None else torch.from_numpy(self.labels[chosen])
        return Samples(torch.from_numpy(self.values[chosen]), labels)


def read_samples(path: Path, store: Store, field: FieldName, progress: Progress = no_progress) -> ExternalSamples:
    """Read all samples at a path.

    Args:
        path: pictures or clips: a folder or zip, whose sub-folders are labels where all have names of classes of the
            store. Points: a table as `kedro generate` writes it, or its folder, with columns x1 … xD and, if known,
            `class`.
            Text: a file, or a folder of .txt files, one line a sample; an empty line is a sample without tokens.
        store: the data that the samples imitate.
        field: of the store.
        progress: wraps the samples.

    Raises:
        DataError: there is no such path, or it holds no samples.
        MetricError: a sample cannot be read.
    """
    return _READERS[field](path, store, progress)


def evaluate_samples(
    samples: ExternalSamples,
    store: Store,
    extractor: FeatureExtractor,
    parameters: EvaluationParameters,
    progress: Progress = no_progress,
) -> Report:
    """Return the report on the samples of another program, n of them for each seed, and the floor.

    Raises:
        MetricError: see `check_evaluable`; or there are fewer than n samples.
    """
    check_evaluable(store, parameters)
    evaluator = Evaluator.open(store, extractor, parameters, progress)
    check_enough(len(samples.values), evaluator.protocol.n)
    evaluator.protocol = SamplesProtocol(
        **vars(evaluator.protocol),
        samples_given=len(samples.values),
        samples_fitted=samples.fitted,
        samples_silent=samples.silent,
        samples_clipped=samples.clipped,
    )
    return evaluator.report(SAMPLES, samples.draw, {})


def _read_pictures(path: Path, store: Store, progress: Progress) -> ExternalSamples:
    # Sub-folders never raise ShardsOrClasses here: a folder that is no class of the store gives no label.
    source = image_folder(path, "folders")
    channels, height, width = store.fields["image"].shape
    images = np.empty((len(source.references), channels, height, width), dtype=np.uint8)
    with ThreadPoolExecutor() as pool:
        done = pool.map(partial(_read_one, source.references, images), range(len(images)))
        fitted = sum(progress(done, len(images)))
    return ExternalSamples(images, _find_labels(source, store.classes), fitted)


def _read_waves(path: Path, store: Store, progress: Progress) -> ExternalSamples:
    source, form = audio_folder(path, "folders"), store.fields["wave"]
    waves = np.zeros((len(source.references), *form.shape), dtype=np.int16)
    rows = enumerate(progress(source.references, len(waves)))
    fitted, faults = zip(*(_read_clip(reference, form, waves[row]) for row, reference in rows), strict=True)
    return ExternalSamples(
        waves,
        _find_labels(source, store.classes),
        sum(fitted),
        silent=faults.count(SILENT),
        clipped=faults.count(CLIPPED),
    )


def _read_clip(reference: SampleRef, form: FieldFormat, wave: np.ndarray) -> tuple[bool, str]:
    """Fill the wave; return whether the clip had another length, rate or number of channels, and its fault, if any.

    What would be skipped as data, silent or clipped clips, is evaluated: a generator that makes them is to be measured
    with them.
    """
    rate, samples = form.sample_rate or 0, form.shape[1]
    try:
        content = reference.load()
        assert isinstance(content, bytes), reference
        wave[...], header, fault = decode_any_clip(content, rate, samples)
        return (header.sample_rate, header.frames, header.channels) != (rate, samples, 1), fault.partition(":")[0]
    except UnreadablePicture as error:
        raise _make_unreadable_error(reference, "a clip", error) from None


def _make_unreadable_error(reference: SampleRef, expected: str, error: UnreadablePicture) -> MetricError:
    return MetricError(
        f"evaluation.samples, {reference.name}",
        expected=expected,
        received=str(error),
        remedy="Remove it, or write it again.",
    )


def _read_points(path: Path, store: Store, progress: Progress) -> ExternalSamples:
    path = path / _TABLE if path.is_dir() else path
    columns = [f"x{axis}" for axis in range(1, store.fields["point"].shape[0] + 1)]
    try:
        table = pd.read_csv(path)
        points = table[columns].to_numpy(dtype=np.float32)
        labels = table["class"].to_numpy(dtype=np.int64) if "class" in table else None
    except (OSError, KeyError, ValueError) as error:
        raise _make_table_error(path, columns, str(error)) from None
    if not np.isfinite(points).all() or (labels is not None and not np.isin(labels, range(len(store.classes))).all()):
        raise _make_table_error(path, columns, "values that are not finite, or classes that the data lack")
    return ExternalSamples(points, labels, 0)


def _read_lines(path: Path, store: Store, progress: Progress) -> ExternalSamples:
    assert store.vocabulary is not None, store.path
    (longest,) = store.fields["tokens"].shape
    text = text_lines(path)
    split = [store.vocabulary.parse(line.text) for line in text.lines]
    for line, tokens in zip(text.lines, split, strict=True):
        unknown = store.vocabulary.find_unknown(tokens)
        problem = line.problem or (f"unknown tokens: {list_names(unknown)}" if unknown else "")
        if problem or len(tokens) > longest:
            raise MetricError(
                f"evaluation.samples, {line.name}",
                expected=f"a line of at most {longest} tokens of the store's vocabulary",
                received=problem or f"{len(tokens)} tokens",
                remedy="Remove it, or generate it again from this data.",
            )
    values = np.stack([store.vocabulary.encode(tokens, longest) for tokens in split])
    return ExternalSamples(values, None, 0)


def _make_table_error(path: Path, columns: list[str], received: str) -> MetricError:
    return MetricError(
        f"evaluation.samples, {path}",
        expected=f"a table (CSV) with the columns {', '.join(columns)} and, where classes are known, class",
        received=received,
        remedy="Write it as kedro generate writes points.csv.",
    )


def _read_one(references: Sequence[SampleRef], images: np.ndarray, row: int) -> bool:
    """Fill one row of `images`; return whether the picture had to be resized or converted."""
    reference, (channels, height, width) = references[row], images.shape[1:]
    shape = (channels, height, width)
    try:
        content = reference.load()
        is_file = isinstance(content, bytes)
        images[row] = crop_and_resize_file(content, shape) if is_file else crop_and_resize(content, shape)
        return (read_shape(content) if is_file else content.shape) != (height, width, channels)
    except UnreadablePicture as error:
        raise _make_unreadable_error(reference, "a picture", error) from None


def _find_labels(source: Source, classes: tuple[str, ...]) -> np.ndarray | None:
    """Return labels where every sub-folder has the name of a class of the store, else None."""
    if not source.classes or not set(source.classes) <= set(classes):
        return None
    by_source = np.array([classes.index(name) for name in source.classes], dtype=np.int64)
    return by_source[[reference.label for reference in source.references]]


_READERS: dict[FieldName, Callable[[Path, Store, Progress], ExternalSamples]] = {
    "image": _read_pictures,
    "point": _read_points,
    "wave": _read_waves,
    "tokens": _read_lines,
}
