"""How samples leave the house: in the server's answers, and as files of `kedro generate`."""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image
from torch import Tensor

from ganops.config import FieldName
from ganops.games.request import LatentRequest
from ganops.registry.png import encode_png
from ganops.sampling import Samples


@dataclass(frozen=True)
class SampleCodec:
    """Of one field.

    Attributes:
        answer: a sample as JSON takes it.
        read: the sample again, from its answer.
        files: the content of each file by its name; equal samples give equal bytes.
    """

    answer: Callable[[Tensor], Any]
    read: Callable[[Any], np.ndarray]
    files: Callable[[Samples, LatentRequest], dict[str, bytes]]


def picture_answer(image: UInt8[Tensor, "channels height width"]) -> str:
    """PNG in base64."""
    return base64.b64encode(encode_png(image)).decode("ascii")


def read_picture(answer: str) -> UInt8[np.ndarray, "channels height width"]:
    """The pixels of such an answer."""
    pixels = np.atleast_3d(np.asarray(Image.open(io.BytesIO(base64.b64decode(answer)))))
    return pixels.transpose(2, 0, 1)


def picture_files(samples: Samples, request: LatentRequest) -> dict[str, bytes]:
    """`<seed>_<index>[_<class>].png`, one a sample."""
    labels = [""] * request.n if samples.labels is None else [f"_{label}" for label in samples.labels.tolist()]
    names = [f"{request.seed}_{index:04d}{label}.png" for index, label in enumerate(labels)]
    return dict(zip(names, map(encode_png, samples.values), strict=True))


def point_answer(point: Float32[Tensor, " dimension"]) -> list[float]:
    """The coordinates, which float32 takes back exactly."""
    return point.tolist()


def read_point(answer: list[float]) -> Float32[np.ndarray, " dimension"]:
    """The point of such an answer."""
    return np.array(answer, dtype=np.float32)


def point_files(samples: Samples, request: LatentRequest) -> dict[str, bytes]:
    """`points.csv`: columns x1 … xD, and `class` where the generator knows classes; float32 reads them back exactly."""
    names = [f"x{axis}" for axis in range(1, samples.values.shape[1] + 1)]
    rows = [[str(value) for value in point] for point in samples.values.numpy()]
    if samples.labels is not None:
        names.append("class")
        rows = [[*row, str(label)] for row, label in zip(rows, samples.labels.tolist(), strict=True)]
    return {"points.csv": "".join(",".join(line) + "\n" for line in [names, *rows]).encode()}


CODECS: dict[FieldName, SampleCodec] = {
    "image": SampleCodec(picture_answer, read_picture, picture_files),
    "point": SampleCodec(point_answer, read_point, point_files),
}
