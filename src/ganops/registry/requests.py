"""Requests as JSON: checked against the game's type, and read into the conditions of its samples."""

import json
import math
import operator
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from ganops.bundle import Bundle
from ganops.data.encodings import ALL_ENCODINGS
from ganops.errors import RequestError
from ganops.evaluation.paired import Pairing
from ganops.games.request import ClipRequest, GenerationRequest
from ganops.games.tiles import blend_tiles
from ganops.parameters import describe_expected
from ganops.registry.codecs import CODECS, MASK_CODEC, find_facts
from ganops.sampling import CHUNK, Samples
from ganops.training_settings import SampleSpec

# Condition of a request → its codec.
_CODECS = {**CODECS, "mask": MASK_CODEC, "input": CODECS["image"], "prompt": CODECS["tokens"]}


def parse_request(bundle: Bundle, values: Mapping[str, Any]) -> GenerationRequest:
    """Return the request of these JSON values; RequestError where the game's requests have no such value."""
    try:
        return bundle.game.request.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise RequestError(
            str(first["loc"][0]) if first["loc"] else "request",
            expected=describe_expected(error),
            received="none" if first["type"] == "missing" else f"{first['input']!r:.100}",
            remedy="See the model card.",
        ) from None


def answer(bundle: Bundle, request: GenerationRequest, tiles: bool = False) -> Samples:
    """Generate the samples of a request; clips are cut at the end, where it asks for fewer seconds.

    Raises:
        RequestError: a condition is not of the model's size, or the clips are not that long.

    Args:
        bundle: of the model.
        request: of its game's type.
        tiles: whether an input may be larger, where the game allows it: it is then translated in tiles.
    """
    conditions = read_conditions(bundle, request, tiles)
    size = bundle.settings.sample.size
    if not bundle.game.tiled or conditions["input"].shape[2:] == size:
        return _cut(bundle.generate(request, conditions), request, bundle.settings.sample)
    blended = blend_tiles(
        lambda tiles: bundle.generator.sample({"input": tiles}), conditions["input"][0], size, at_once=CHUNK
    )
    return Samples(blended.round().to(torch.uint8)[None], None)


def _cut(samples: Samples, request: GenerationRequest, spec: SampleSpec) -> Samples:
    """Return the first `seconds` of clips, where the request states them; other samples as they are."""
    if not isinstance(request, ClipRequest) or request.seconds is None:
        return samples
    kept = round(request.seconds * spec.sample_rate)
    if not 1 <= kept <= spec.image_width:
        raise RequestError(
            "seconds",
            expected=f"at most {spec.image_width / spec.sample_rate:g}, the length of the training's clips",
            received=f"{request.seconds:g}",
            remedy="Ask for fewer, or leave them out.",
        )
    return replace(samples, values=samples.values[..., :kept])


def make_example(bundle: Bundle, n: int) -> dict[str, Any]:
    """Return JSON values that this model answers: pictures of model values 0; as a mask, the left half is the hole."""
    pairing = Pairing.of(bundle.game)
    if pairing is None:
        return {"n": n, "seed": 7}
    facts = find_facts(bundle)
    return {name: _CODECS[name].to_json(_decode_example(name, bundle), facts) for name in pairing.conditions}


def count_condition_bytes(bundle: Bundle) -> int:
    """Return the most bytes of the conditions in one request: PNGs that compress nothing, in base64; text escaped."""
    names = _CODECS.keys() & bundle.game.request.model_fields.keys()
    return sum(_count_bytes(name, bundle) for name in names)


def read_conditions(bundle: Bundle, request: GenerationRequest, tiles: bool = False) -> dict[str, Tensor]:
    """Return the conditions of a request as model values; RequestError where one is damaged or of another size.

    Args:
        bundle: of the model.
        request: of its game's type.
        tiles: whether an input may be larger, where the game allows it.
    """
    conditions = {}
    for name, codec in _CODECS.items():
        value = getattr(request, name, None)
        if value is None:
            continue
        stored = codec.from_json(value, find_facts(bundle))
        if bundle.vocabulary is None:
            _check_shape(name, stored.shape, bundle, larger=tiles and bundle.game.tiled)
        else:
            _check_length(name, len(stored), bundle)
        conditions[name] = ALL_ENCODINGS[name].encode(torch.tensor(stored)[None])
    return conditions


def _check_shape(name: str, received: tuple[int, ...], bundle: Bundle, larger: bool) -> None:
    shape = _shape(name, bundle)
    fits = all(map(operator.ge, received, shape)) and received[0] == shape[0]
    if received != shape and not (larger and fits):
        raise RequestError(
            name,
            expected=f"a sample of shape {_format(shape)} (channels, height, width)" + " or larger" * larger,
            received=_format(received),
            remedy="Resize it first; the model card states the size.",
        )


def _check_length(name: str, received: int, bundle: Bundle) -> None:
    most = bundle.settings.sample.image_width - 1
    if not 1 <= received <= most:
        raise RequestError(
            name,
            expected=f"1 to {most} tokens, fewer than the longest line has",
            received=str(received),
            remedy="Shorten it, or leave it out.",
        )


def _decode_example(name: str, bundle: Bundle) -> Tensor:
    decode = ALL_ENCODINGS[name].decode
    assert decode is not None, name
    values = torch.zeros(1, *_shape(name, bundle))
    if name == "mask":
        values[..., : values.shape[-1] // 2] = 1
    return decode(values)[0]


def _shape(name: str, bundle: Bundle) -> tuple[int, int, int]:
    """Return the shape of one stored sample of a condition."""
    sample = bundle.settings.sample
    channels = {"mask": 1, "input": sample.input_channels}.get(name, sample.channels)
    return (channels, *sample.size)


def _count_bytes(name: str, bundle: Bundle) -> int:
    if bundle.vocabulary is None:
        return _count_png_bytes(*_shape(name, bundle))
    # The longest line of the longest token, escaped, with a space behind each.
    return bundle.settings.sample.image_width * (max(len(json.dumps(entry)) for entry in bundle.vocabulary.entries) - 1)


def _count_png_bytes(channels: int, height: int, width: int) -> int:
    # A row has a byte for its filter; header, chunks and blocks without compression take less than 1 KiB and 1 %.
    return 4 * math.ceil((1024 + 1.01 * height * (channels * width + 1)) / 3)


def _format(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
