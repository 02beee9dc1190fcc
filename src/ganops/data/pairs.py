"""Pairs of pictures: the input that a translation starts from, and the picture that it should become.

    grey_to_colour     input: the luma of the picture
    colour_to_grey     input: the picture; the picture itself becomes its luma
    edges_to_picture   input: the edges of the picture, white on black
    left_to_right      a file holds both beside one another, the input on the left (the format of pix2pix)
    right_to_left      〃 the input on the right
    folders            the input is the file of the same name in the folder `input`, the picture that in `target`

Luma is that of ITU-R BT.601, (299 R + 587 G + 114 B) / 1000, as Pillow computes it. Edges are those of Canny (1986)
with σ = 1 pixel and scikit-image's thresholds.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath

import numpy as np
from jaxtyping import UInt8

from ganops.data.crop_and_resize import Sample, crop_and_resize, crop_and_resize_file, to_image
from ganops.data.decoding import decode, read_shape
from ganops.data.shape import SampleShape
from ganops.data.sources.files import list_names, raise_unreadable
from ganops.data.sources.source import SampleRef, Source, UnreadablePicture
from ganops.data.white import White, to_bytes
from ganops.errors import DataError
from ganops.preparation_config import SIDE_BY_SIDE, PairKind, PictureLimits

_INPUT, _TARGET = "input", "target"
_EDGE_SIGMA = 1.0

Content = bytes | np.ndarray
Input = UInt8[np.ndarray, "input_channels new_height new_width"]


def pair_folders(source: Source) -> Source:
    """Return the pictures of the folder `target`, each with the picture of the same name in `input` as its input.

    Names are equal where they are so without the extension and without the folders `input` and `target`, which may
    themselves lie in others. What has no partner, or a second of its name, is a picture that cannot be read.

    Raises:
        DataError: a picture lies outside of folders of these names.
    """
    sides: dict[str, dict[str, list[SampleRef]]] = {_INPUT: {}, _TARGET: {}}
    for reference in source.references:
        side, name = _split_name(reference.name, source)
        sides[side].setdefault(name, []).append(reference)
    names = sorted({*sides[_INPUT], *sides[_TARGET]})
    return replace(source, references=[_pair(name, sides) for name in names], classes=())


def _split_name(file: str, source: Source) -> tuple[str, str]:
    """Return the side of a file and its name within it, without extension."""
    path = PurePosixPath(file)
    found = [part for part in path.parts[:-1] if part in (_INPUT, _TARGET)]
    if len(found) != 1:
        raise DataError(
            "the raw pictures",
            expected=f"every picture in a folder {_INPUT} or {_TARGET}",
            received=f"{file!r}",
            remedy=f"Put the pictures to start from into {_INPUT}/, and what they should become, under the same names, "
            f"into {_TARGET}/.",
        )
    return found[0], str(PurePosixPath(*(part for part in path.parts if part != found[0])).with_suffix(""))


def _pair(name: str, sides: dict[str, dict[str, list[SampleRef]]]) -> SampleRef:
    inputs, targets = (sides[side].get(name, []) for side in (_INPUT, _TARGET))
    first = (targets or inputs)[0]
    for side, found in ((_INPUT, inputs), (_TARGET, targets)):
        if len(found) != 1:
            files = list_names([one.name for one in found])
            reason = (
                f"several pictures of that name in {side}: {files}" if found else f"no picture of that name in {side}"
            )
            return replace(first, load=partial(raise_unreadable, reason))
    return replace(first, load_input=inputs[0].load, test=first.test or inputs[0].test)


def list_contents(references: Sequence[SampleRef]) -> list[SampleRef]:
    """Return the references, and those of their inputs, from which shape and range of values are found."""
    inputs = [replace(one, load=one.load_input, load_input=None) for one in references if one.load_input is not None]
    return [*references, *inputs]


def input_channels(kind: PairKind, shape: SampleShape) -> int:
    """Return the channels of the inputs.

    Raises:
        DataError: the pictures have not the channels that this kind starts from.
    """
    needed = {"grey_to_colour": 3, "colour_to_grey": 3}.get(kind)
    if needed is not None and shape.channels != needed:
        raise DataError(
            "the raw pictures",
            expected=f"pictures in colour, since data_preparation.pairs is {kind}",
            received=f"channels {shape.channels} ({shape.rule})",
            remedy="Set data_preparation.channels=3, or choose other pairs.",
        )
    return {"grey_to_colour": 1, "edges_to_picture": 1}.get(kind, shape.channels)


def picture_channels(kind: PairKind, shape: SampleShape) -> int:
    """Return the channels of the pictures that the inputs should become."""
    return 1 if kind == "colour_to_grey" else shape.channels


def read_pair(
    reference: SampleRef, kind: PairKind, shape: tuple[int, int, int], white: White, limits: PictureLimits
) -> tuple[Input, Sample]:
    """Read input and picture; `shape` is that of the pictures as they are read.

    Raises:
        UnreadablePicture: as `crop_and_resize`, or the two do not belong together.
    """
    read = partial(read_picture, shape=shape, white=white, limits=limits)
    content = reference.load()
    if kind in SIDE_BY_SIDE:
        halves = [crop_and_resize(half, shape) for half in _split(content, white, limits)]
        return (halves[0], halves[1]) if kind == "left_to_right" else (halves[1], halves[0])
    if reference.load_input is not None:
        picture = read(content)
        return _read_input(reference.load_input, _read_size(content, limits), read, limits), picture
    return _DERIVATIONS[kind](read(content))


def read_picture(content: Content, shape: tuple[int, int, int], white: White, limits: PictureLimits) -> Sample:
    """Read the picture of a file, or of pixels; UnreadablePicture: as `crop_and_resize`."""
    if isinstance(content, bytes):
        return crop_and_resize_file(content, shape, white, limits)
    return crop_and_resize(content, shape, white)


def luma(picture: UInt8[np.ndarray, "3 height width"]) -> UInt8[np.ndarray, "1 height width"]:
    """Return the luma of a picture in colour."""
    return np.asarray(to_image(np.ascontiguousarray(picture.transpose(1, 2, 0))).convert("L"))[None]


def edges(picture: UInt8[np.ndarray, "channels height width"]) -> UInt8[np.ndarray, "1 height width"]:
    """Return the edges of a picture, white on black; opacity is not read."""
    from skimage.feature import canny

    grey = luma(picture[:3]) if len(picture) > 2 else picture[:1]
    return (canny(grey[0], sigma=_EDGE_SIGMA) * np.uint8(255))[None]


def _split(content: Content, white: White, limits: PictureLimits) -> tuple[np.ndarray, np.ndarray]:
    pixels = decode(content, white, limits) if isinstance(content, bytes) else to_bytes(content, white)
    width = pixels.shape[1]
    if width % 2:
        raise UnreadablePicture(f"an odd width of {width} pixels, which is not that of two pictures beside one another")
    return pixels[:, : width // 2], pixels[:, width // 2 :]


def _read_input(
    load: Callable[[], Content], size: tuple[int, int], read: Callable[[Content], Sample], limits: PictureLimits
) -> Sample:
    try:
        content = load()
        found = _read_size(content, limits)
        if found != size:
            raise UnreadablePicture(f"{found[0]} × {found[1]} pixels, where the target has {size[0]} × {size[1]}")
        return read(content)
    except UnreadablePicture as error:
        raise UnreadablePicture(f"its input: {error}") from None


def _read_size(content: Content, limits: PictureLimits) -> tuple[int, int]:
    return read_shape(content, limits)[:2] if isinstance(content, bytes) else content.shape[:2]  # pyright: ignore


_DERIVATIONS: dict[PairKind, Callable[[Sample], tuple[Input, Sample]]] = {
    "grey_to_colour": lambda picture: (luma(picture), picture),
    "colour_to_grey": lambda picture: (picture, luma(picture)),
    "edges_to_picture": lambda picture: (edges(picture), picture),
}
