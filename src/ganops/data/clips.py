"""Prepares clips of sound: decodes them on all cores to one rate and length, finds duplicates, draws splits.

Where a parameter is null, it follows from up to 100 clips, evenly spaced over the source, by their headers:

    sample_rate     the (lower) median of their rates
    clip_seconds    the length that nine in ten of them do not exceed, at most 2 s

A clip has clip_seconds · sample_rate samples, rounded up to a multiple of 256.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median_low
from typing import Any

import numpy as np
import torch
from jaxtyping import Int16, UInt8

from ganops.data.encodings import ENCODINGS, decode_images, encode_waves
from ganops.data.manifest import label_field
from ganops.data.near_duplicates import NearDuplicates, find_near_duplicates
from ganops.data.parallel import map_in_order
from ganops.data.preparation_report import make_clip_report
from ganops.data.progress import Progress
from ganops.data.raw_samples import (
    check_tolerated,
    make_manifest_of,
    select_references,
    split_outcomes,
    temporary_array,
    too_many_bad,
)
from ganops.data.shape import pick_evenly
from ganops.data.sound import Header, decode_clip, read_header
from ganops.data.sources.source import ClipSource, SampleRef, UnreadablePicture
from ganops.data.store import FieldFormat, PreparedData
from ganops.preparation_config import DataPreparationParameters
from ganops.spectrogram import Spectrogram, choose_window

_ROUNDED_TO = 256
_COVERED_SHARE, _MOST_SECONDS = 0.9, 2.0
_HASHED_SIDE, _ROWS_AT_ONCE = 32, 256


@dataclass(frozen=True)
class ClipShape:
    """Samples of each clip and their rate in hertz, and the rule by which they were derived."""

    samples: int
    sample_rate: int
    rule: str


def prepare_clips(
    source: ClipSource, parameters: DataPreparationParameters, workers: int, progress: Progress
) -> tuple[PreparedData, dict[str, Any]]:
    """Return the clips and a report; both are functions of the source and the parameters alone.

    Raises:
        DataError: more unusable clips than tolerated, or a class with too few clips for the splits.
        StorageError: the folder for temporary files (TMPDIR) has no room for the clips.
    """
    references = select_references(source, parameters)
    shape = find_clip_shape(references, parameters)
    waves = temporary_array((len(references), 1, shape.samples), "int16")
    read = partial(_read_one, references, waves.view(np.ndarray), shape)
    outcomes = list(progress(map_in_order(read, range(len(references)), workers), len(references)))
    digests, skipped = split_outcomes(references, [digest for digest, _ in outcomes])
    check_tolerated(skipped, len(references), parameters)
    rows = np.array(list(digests), dtype=np.int64)
    manifest = make_manifest_of([references[row] for row in rows], list(digests.values()), source.classes, parameters)
    arrays: dict[str, np.ndarray] = {"wave": waves}
    fields = {"wave": FieldFormat("int16", waves.shape[1:], ENCODINGS["wave"].name, shape.sample_rate)}
    if source.classes:
        fields["label"], arrays["label"] = label_field(), np.zeros(len(waves), dtype=np.int64)
        arrays["label"][rows] = manifest["label"]
    prepared = PreparedData(fields, source.classes, manifest, arrays, rows)
    near = _find_near_duplicates(waves, rows[manifest["duplicate_of"].to_numpy() < 0], shape)
    headers = [header for _, header in outcomes if header is not None]
    sizes = {"samples": shape.samples, "sample_rate": shape.sample_rate, "rule": shape.rule}
    changes = _describe_changes(headers, shape)
    return prepared, make_clip_report(prepared, source, sizes, changes, skipped, near, parameters)


def find_clip_shape(references: Sequence[SampleRef], parameters: DataPreparationParameters) -> ClipShape:
    """Find rate and length by the module's rules; DataError where a clip is needed and none can be read."""
    rate, seconds = parameters.sample_rate, parameters.clip_seconds
    if rate is not None and seconds is not None:
        return ClipShape(_round_up(seconds * rate), rate, "as set")
    headers = _read_headers(references)
    rules = []
    if rate is None:
        rate = median_low([header.sample_rate for header in headers])
        rules.append(f"sample_rate: the median of {len(headers)} sampled clips")
    if seconds is None:
        lengths = [header.seconds for header in headers]
        seconds = min(_MOST_SECONDS, float(np.quantile(lengths, _COVERED_SHARE, method="higher")))
        rules.append(f"length: nine in ten of {len(headers)} sampled clips, at most {_MOST_SECONDS:g} s")
    return ClipShape(_round_up(seconds * rate), rate, "; ".join(rules))


def _round_up(samples: float) -> int:
    return _ROUNDED_TO * math.ceil(round(samples, 6) / _ROUNDED_TO)


def _read_headers(references: Sequence[SampleRef]) -> list[Header]:
    """Read the headers of up to 100 clips; of all, where none of these can be read."""
    for some in (pick_evenly(references), references):
        skipped, headers = [], []
        for reference in some:
            try:
                headers.append(read_header(_load(reference)))
            except UnreadablePicture as error:
                skipped.append((reference.name, str(error)))
        if headers:
            return headers
    raise too_many_bad(skipped, len(references), 0)


def _load(reference: SampleRef) -> bytes:
    content = reference.load()
    assert isinstance(content, bytes), reference
    return content


def _read_one(
    references: Sequence[SampleRef], waves: np.ndarray, shape: ClipShape, row: int
) -> tuple[bytes | str, Header | None]:
    """Fill one row of `waves`; return its sha256 and the header of its file, or why the clip is skipped."""
    try:
        waves[row], header = decode_clip(_load(references[row]), shape.sample_rate, shape.samples)
    except UnreadablePicture as error:
        return str(error), None
    return hashlib.sha256(waves[row]).digest(), header


def _find_near_duplicates(waves: np.ndarray, rows: np.ndarray, shape: ClipShape) -> NearDuplicates:
    """Find clips whose spectrograms look alike, although their samples differ."""
    pictures = np.zeros((len(waves), 1, _HASHED_SIDE, _HASHED_SIDE), dtype=np.uint8)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        at = rows[start : start + _ROWS_AT_ONCE]
        pictures[at] = draw_small_spectrograms(waves[at], shape.sample_rate)
    return find_near_duplicates(pictures, rows)


def draw_small_spectrograms(waves: Int16[np.ndarray, "n 1 samples"], sample_rate: int) -> UInt8[np.ndarray, "n 1 h w"]:
    """Return spectrograms of 32 × 32 pixels."""
    window = choose_window(sample_rate)
    spectrogram = Spectrogram(waves.shape[2], window, window // 2)
    values = spectrogram.encode(encode_waves(torch.from_numpy(np.ascontiguousarray(waves))))
    small = torch.nn.functional.interpolate(values, (_HASHED_SIDE, _HASHED_SIDE), mode="area")
    return decode_images(small).numpy()


def _describe_changes(headers: list[Header], shape: ClipShape) -> list[str]:
    """Return how many clips were changed, and how."""
    seconds = shape.samples / shape.sample_rate
    counts = {
        f"resampled from another rate to {shape.sample_rate} hertz": sum(
            header.sample_rate != shape.sample_rate for header in headers
        ),
        "mixed from several channels to one": sum(header.channels > 1 for header in headers),
        f"cut to {seconds:g} seconds": sum(header.seconds > seconds for header in headers),
        f"padded with zeros to {seconds:g} seconds": sum(header.seconds < seconds for header in headers),
    }
    return [f"{count} of {len(headers)} clips are {change}" for change, count in counts.items() if count]
