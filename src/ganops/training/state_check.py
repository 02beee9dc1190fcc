"""Checks a training state on disk before any of it is loaded."""

import hashlib

import torch
from jaxtyping import Shaped
from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from ganops.parameters import describe_expected
from ganops.tensors import Tensors, WrongTensors, decode_text, require_kind
from ganops.training.failure import MAX_ATTEMPTS, FailedAttempt
from ganops.training_settings import LARGEST_CLOCK

FORMAT = 3
"""The format of a saved state, its names and shapes; raised with each change of them."""
_MOMENTS = ("step", "exp_avg", "exp_avg_sq")
_CLOCK = {
    "clock/images_seen": LARGEST_CLOCK,
    "clock/images_before": MAX_ATTEMPTS * LARGEST_CLOCK,
    "clock/attempt": MAX_ATTEMPTS,
}
_FAILURES = TypeAdapter(list[FailedAttempt])
_RECORDS = ("clock/", "curves/", "window/", "window_counts/", "digests/", "format")


def check_learned(tensors: Tensors, weights: Tensors, parameters: Tensors, buffers: Tensors) -> None:
    """Raise WrongTensors unless weights, moments and the game's buffers are those that are wanted.

    Args:
        tensors: the state.
        weights: the weights and buffers of the networks and of their moving averages.
        parameters: `<network>/<weight>` → the optimizer's parameter. All of its moments are there, or none, as before
            the first step.
        buffers: of the game.
    """
    for name, tensor in {**weights, **buffers}.items():
        require_kind(name, _take(tensors, name), tensor)
    for name, parameter in parameters.items():
        _check_moments(tensors, f"optimizers/{name}", parameter)


def check_names(tensors: Tensors, learned: Tensors, parameters: Tensors) -> None:
    """Raise WrongTensors where a name is unknown."""
    known = {*learned, *(f"optimizers/{name}/{key}" for name in parameters for key in _MOMENTS)}
    for name in tensors:
        if name not in known and not name.startswith(_RECORDS):
            raise WrongTensors(f"the unknown {name}")


def check_records(tensors: Tensors, max_images: int) -> None:
    """Raise WrongTensors unless clock, curves, window, digests and failed attempts agree with one another."""
    if read_format(tensors) != FORMAT:
        raise WrongTensors(f"a state of format {read_format(tensors)}, where {FORMAT} is wanted")
    seen, attempt = read_clock(tensors, "images_seen"), read_clock(tensors, "attempt")
    if seen > max_images:
        raise WrongTensors(f"clock/images_seen = {seen}, where at most {max_images} is wanted")
    read_clock(tensors, "images_before")
    if len(read_failures(tensors)) != attempt:
        raise WrongTensors(f"clock/failures of {len(read_failures(tensors))} attempts, where {attempt} is wanted")
    _check_curves(group(tensors, "curves"), max_images, attempt)
    _check_window(group(tensors, "window"), group(tensors, "window_counts"))
    _check_digests(tensors, max_images, attempt)


def digest_learned(tensors: Tensors) -> str:
    """Return the sha256 of weights, moments and buffers, by name; records are left out."""
    hasher = hashlib.sha256()
    for name in sorted(name for name in tensors if not name.startswith(_RECORDS)):
        hasher.update(name.encode())
        hasher.update(tensors[name].detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return hasher.hexdigest()


def read_format(tensors: Tensors) -> int:
    """Read the format's number; 1 where none is stored, as before numbers were."""
    if "format" not in tensors:
        return 1
    require_kind("format", tensors["format"], torch.tensor(0))
    return int(tensors["format"])


def read_clock(tensors: Tensors, name: str) -> int:
    """Read a number of the clock; WrongTensors where it is out of range."""
    key = f"clock/{name}"
    require_kind(key, _take(tensors, key), torch.tensor(0))
    value = int(tensors[key])
    if not 0 <= value <= _CLOCK[key]:
        raise WrongTensors(f"{key} = {value}, where 0 to {_CLOCK[key]} is wanted")
    return value


def read_failures(tensors: Tensors) -> list[FailedAttempt]:
    """Read the failed attempts; WrongTensors where their JSON is not of the schema."""
    try:
        return _FAILURES.validate_json(decode_text(_take(tensors, "clock/failures")), strict=True)
    except ValidationError as error:
        raise WrongTensors(f"clock/failures: expected {describe_expected(error)}") from None


def group(tensors: Tensors, prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names begin with `<prefix>/`, named without it."""
    return {k.removeprefix(f"{prefix}/"): value for k, value in tensors.items() if k.startswith(f"{prefix}/")}


def _take(tensors: Tensors, name: str) -> Shaped[Tensor, "..."]:
    if name not in tensors:
        raise WrongTensors(f"no {name}")
    return tensors[name]


def _check_moments(tensors: Tensors, name: str, parameter: Tensor) -> None:
    there = [key for key in _MOMENTS if f"{name}/{key}" in tensors]
    for key in _MOMENTS if there else ():
        like = torch.zeros(()) if key == "step" else parameter
        require_kind(f"{name}/{key}", _take(tensors, f"{name}/{key}"), like)
        if key != "exp_avg" and bool((tensors[f"{name}/{key}"] < 0).any()):
            raise WrongTensors(f"{name}/{key} below 0")


def _check_curves(curves: dict[str, Tensor], max_images: int, attempt: int) -> None:
    """Whole numbers are the bits of float64, see `TrainingState`."""
    if not curves:
        return
    length = len(_take(curves, "images_seen")) if curves.get("images_seen", torch.zeros(())).ndim else 0
    for name, values in curves.items():
        require_kind(f"curves/{name}", values, torch.zeros(length, dtype=torch.int64))
    for name, most in {"images_seen": max_images, "attempt": attempt}.items():
        values = _take(curves, name).view(torch.float64)
        if not bool(((values >= 0) & (values <= most) & (values == values.floor())).all()):
            raise WrongTensors(f"curves/{name}, where whole numbers from 0 to {most} are wanted")


def _check_window(sums: dict[str, Tensor], counts: dict[str, Tensor]) -> None:
    if sums.keys() != counts.keys():
        raise WrongTensors("window and window_counts of different names")
    for name, count in counts.items():
        require_kind(f"window_counts/{name}", count, torch.tensor(0))
        if not sums[name].is_floating_point() or sums[name].ndim or int(count) < 1:
            raise WrongTensors(f"window/{name} that is no sum of {int(count)} numbers")


def _check_digests(tensors: Tensors, max_images: int, attempt: int) -> None:
    instants, digests = _take(tensors, "digests/instants"), _take(tensors, "digests/sha256")
    count = len(instants) if instants.ndim else 0
    require_kind("digests/instants", instants, torch.zeros(count, 2, dtype=torch.int64))
    require_kind("digests/sha256", digests, torch.zeros(count, 32, dtype=torch.uint8))
    most = torch.tensor([max_images, attempt])
    if not bool(((instants >= 0) & (instants <= most)).all()):
        raise WrongTensors(f"digests/instants beyond {max_images} images or attempt {attempt}")
    here = torch.stack([tensors["clock/images_seen"], tensors["clock/attempt"]])
    # An interrupted training leaves a checkpoint between two digests.
    if count and torch.equal(instants[-1], here) and bytes(digests[-1].tolist()).hex() != digest_learned(tensors):
        raise WrongTensors("weights or moments of another digest than digests/sha256 states")
