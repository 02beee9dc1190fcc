"""Encode samples for the HTTP response of the server, and for the files of `kedro generate`."""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32, Int16, Int32, UInt8
from PIL import Image
from torch import Tensor

from ganops.bundle import Bundle
from ganops.config import FieldName
from ganops.data.mask_files import to_mask
from ganops.data.sources.files import list_names
from ganops.data.sources.source import UnreadablePicture
from ganops.data.vocabulary import Vocabulary
from ganops.errors import RequestError
from ganops.games.request import GenerationRequest
from ganops.reporting.png import encode_png
from ganops.reporting.wav import decode_wav, encode_wav
from ganops.sampling import Samples

_MAX_PIXELS = 2**26
# 8 bits a channel, without a palette, whose numbers are no brightness.
_PIXEL_MODES = ("L", "LA", "RGB", "RGBA")


@dataclass(frozen=True)
class SampleFacts:
    """What a codec must know of samples besides their values.

    Attributes:
        sample_rate: of clips, in hertz; 0 for others.
        vocabulary: of text; None for others.
    """

    sample_rate: int = 0
    vocabulary: Vocabulary | None = None


NO_FACTS = SampleFacts()


def find_facts(bundle: Bundle) -> SampleFacts:
    """Return what the codecs must know of a generator's samples."""
    return SampleFacts(bundle.settings.sample.sample_rate, bundle.vocabulary)


@dataclass(frozen=True)
class SampleCodec:
    """The encoding of the samples of one field.

    Attributes:
        to_json: sample, and what a codec must know of samples → JSON value.
        from_json: JSON value, and the same → sample.
        to_files: samples, their request, and the same → content by file name; equal samples give equal bytes.
    """

    to_json: Callable[[Tensor, SampleFacts], Any]
    from_json: Callable[[Any, SampleFacts], np.ndarray]
    to_files: Callable[[Samples, GenerationRequest, SampleFacts], dict[str, bytes]]


def picture_to_json(image: UInt8[Tensor, "channels height width"], facts: SampleFacts = NO_FACTS) -> str:
    """Return the picture as PNG in base64."""
    return base64.b64encode(encode_png(image)).decode("ascii")


def picture_from_json(value: str, facts: SampleFacts = NO_FACTS) -> UInt8[np.ndarray, "channels height width"]:
    """Return the pixels of a PNG in base64; RequestError where it is none."""
    return np.atleast_3d(np.asarray(_open_png(value, _PIXEL_MODES))).transpose(2, 0, 1)


def mask_from_json(value: str, facts: SampleFacts = NO_FACTS) -> UInt8[np.ndarray, "1 height width"]:
    """Return 255 in the hole and 0 elsewhere of a PNG in base64; RequestError where it is none, or is no mask."""
    picture = _open_png(value, ("1", *_PIXEL_MODES))
    pixels = np.asarray(picture.convert("L") if picture.mode == "1" else picture)
    try:
        return to_mask(np.atleast_3d(pixels))
    except UnreadablePicture as error:
        raise RequestError(
            "mask",
            expected="white in the hole and black elsewhere, at least a pixel of each",
            received=str(error),
            remedy="Draw the hole in white on black, without transparency.",
        ) from None


def _open_png(value: str, modes: tuple[str, ...]) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(base64.b64decode(value, validate=True)), formats=["PNG"])
        if image.width * image.height > _MAX_PIXELS:
            raise ValueError(f"{image.width} × {image.height} pixels")
        if image.mode not in modes:
            raise ValueError(f"pixels of the kind {image.mode}, where one of {', '.join(modes)} is read")
        image.load()
    except (ValueError, OSError, SyntaxError) as error:
        raise RequestError(
            "a picture of the request",
            expected="a PNG in base64",
            received=str(error),
            remedy="Encode the bytes of a PNG file in base64.",
        ) from None
    return image


def picture_to_files(samples: Samples, request: GenerationRequest, facts: SampleFacts = NO_FACTS) -> dict[str, bytes]:
    """Return a file `<seed>_<index>[_<class>].png` per sample."""
    return dict(zip(_name_files(samples, request, "png"), map(encode_png, samples.values), strict=True))


def _name_files(samples: Samples, request: GenerationRequest, suffix: str) -> list[str]:
    labels = [""] * request.n if samples.labels is None else [f"_{label}" for label in samples.labels.tolist()]
    return [f"{request.seed}_{index:04d}{label}.{suffix}" for index, label in enumerate(labels)]


def point_to_json(point: Float32[Tensor, " dimension"], facts: SampleFacts = NO_FACTS) -> list[float]:
    """Return the coordinates; float32 restores them exactly."""
    return point.tolist()


def point_from_json(value: list[float], facts: SampleFacts = NO_FACTS) -> Float32[np.ndarray, " dimension"]:
    """Return the point of a list of coordinates."""
    return np.array(value, dtype=np.float32)


def point_to_files(samples: Samples, request: GenerationRequest, facts: SampleFacts = NO_FACTS) -> dict[str, bytes]:
    """Return `points.csv`: columns x1 … xD and, of a conditional generator, `class`; float32 restores them exactly."""
    names = [f"x{axis}" for axis in range(1, samples.values.shape[1] + 1)]
    rows = [[str(value) for value in point] for point in samples.values.numpy()]
    if samples.labels is not None:
        names.append("class")
        rows = [[*row, str(label)] for row, label in zip(rows, samples.labels.tolist(), strict=True)]
    return {"points.csv": "".join(",".join(line) + "\n" for line in [names, *rows]).encode()}


def wave_to_json(samples: Int16[Tensor, "1 samples"], facts: SampleFacts) -> str:
    """Return the clip as WAV in base64."""
    return base64.b64encode(encode_wav(samples, facts.sample_rate)).decode("ascii")


def wave_from_json(value: str, facts: SampleFacts = NO_FACTS) -> Int16[np.ndarray, "1 samples"]:
    """Return the samples of a WAV file in base64, as `wave_to_json` writes it; RequestError where it is none."""
    try:
        return decode_wav(base64.b64decode(value, validate=True))
    except ValueError as error:
        raise RequestError(
            "a clip of the request",
            expected="a WAV file of 16 bits and one channel, in base64",
            received=str(error),
            remedy="Encode the bytes of such a file in base64.",
        ) from None


def wave_to_files(samples: Samples, request: GenerationRequest, facts: SampleFacts) -> dict[str, bytes]:
    """Return a file `<seed>_<index>[_<class>].wav` per sample."""
    encoded = [encode_wav(values, facts.sample_rate) for values in samples.values]
    return dict(zip(_name_files(samples, request, "wav"), encoded, strict=True))


def line_to_json(line: Int32[Tensor, " length"], facts: SampleFacts) -> str:
    """Return the text of a line."""
    assert facts.vocabulary is not None
    return facts.vocabulary.decode(line.tolist())


def line_from_json(value: str, facts: SampleFacts) -> Int32[np.ndarray, " length"]:
    """Return the numbers of the tokens of a line, without what fills it up; RequestError where one is unknown."""
    vocabulary = facts.vocabulary
    assert vocabulary is not None
    tokens = vocabulary.parse(value)
    if unknown := vocabulary.find_unknown(tokens):
        raise RequestError(
            "a line of the request",
            expected="tokens of the model's vocabulary",
            received=list_names(unknown),
            remedy="Leave them out; vocabulary in bundle.json lists what is known.",
        )
    return vocabulary.encode(tokens, len(tokens))


def line_to_files(samples: Samples, request: GenerationRequest, facts: SampleFacts) -> dict[str, bytes]:
    """Return `lines.txt`, UTF-8, a line per sample."""
    return {"lines.txt": "".join(line_to_json(line, facts) + "\n" for line in samples.values).encode()}


CODECS: dict[FieldName, SampleCodec] = {
    "image": SampleCodec(picture_to_json, picture_from_json, picture_to_files),
    "point": SampleCodec(point_to_json, point_from_json, point_to_files),
    "wave": SampleCodec(wave_to_json, wave_from_json, wave_to_files),
    "tokens": SampleCodec(line_to_json, line_from_json, line_to_files),
}
MASK_CODEC = SampleCodec(picture_to_json, mask_from_json, picture_to_files)
