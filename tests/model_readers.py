"""Readers of trained models and their files, each with a function that writes a small valid one, for `mutations`."""

import asyncio
import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
import yaml
from safetensors.torch import save_file

from ganops.bundle import Bundle, BundleData
from ganops.configuration.groups import effective_parameters
from ganops.data.encodings import encode_images
from ganops.errors import ConfigurationError, RequestError
from ganops.extractors.build import Pretrained, restore
from ganops.extractors.classifier import Classifier, Network, initialise
from ganops.extractors.coordinates import Coordinates
from ganops.extractors.stacked_digits import DIGITS, StackedDigits
from ganops.games.build import build_game
from ganops.games.request import LatentRequest
from ganops.networks.build import build_networks
from ganops.registry import request_guard
from ganops.registry.request_guard import Message, RequestGuard, find_most_bytes
from ganops.tensors import load_tensors
from ganops.training.checkpoint import Checkpoints, read_finished
from ganops.training.meters import Stopwatch
from ganops.training.state import TrainingState
from ganops.training.tracker import NullTracker
from ganops.training.train import train

from .parameters import images, resolve_settings

_CONFIGURATION = Path(__file__).parents[1] / "conf" / "base"

_SIZES = {"base_channels": 4, "batch": 8, "total_images": 16, "latent_dimension": 5, "log_every_images": 8}
SETTINGS = resolve_settings("dcgan", images(1, 12, 9, 2), **_SIZES)
FINGERPRINT = "0f" * 16


class _Noise:
    def batch(self, first: int, count: int) -> dict[str, torch.Tensor]:
        generator = torch.Generator().manual_seed(first)
        pixels = torch.randint(0, 256, (count, 1, 12, 9), generator=generator, dtype=torch.uint8)
        return {"image": encode_images(pixels), "label": torch.arange(first, first + count) % 2}


def _state() -> TrainingState:
    return TrainingState.initial(SETTINGS, build_game(SETTINGS))


def _write_bundle(name: str, folder: Path) -> tuple[str, bytes]:
    networks = {"generator": build_networks(SETTINGS)["generator"]}
    contents = BundleData(SETTINGS, networks, ("cat", "dog"), (0.5, 0.5), FINGERPRINT, "5d" * 32)
    contents.save(folder / "bundle")
    return f"bundle/{name}", (folder / "bundle" / name).read_bytes()


def _read_bundle(folder: Path) -> object:
    return Bundle.load(folder / "bundle").generate(LatentRequest(n=2))


def _train(folder: Path) -> Path:
    train(build_game(SETTINGS), SETTINGS, _Noise(), "data", folder, NullTracker())  # pyright: ignore[reportArgumentType]
    (run,) = folder.iterdir()
    return run


def _write_checkpoint(folder: Path) -> tuple[str, bytes]:
    newest = max(_train(folder).glob("*.safetensors"))
    return str(newest.relative_to(folder)), newest.read_bytes()


def _read_checkpoint(folder: Path) -> object:
    (run,) = folder.iterdir()
    return Checkpoints(run).restore(_state())


def _write_state(folder: Path) -> tuple[str, bytes]:
    result = train(build_game(SETTINGS), SETTINGS, _Noise(), "data", folder / "run", NullTracker())  # pyright: ignore[reportArgumentType]
    save_file(result.state, folder / "training_state.safetensors")
    return "training_state.safetensors", (folder / "training_state.safetensors").read_bytes()


def _read_state(folder: Path) -> object:
    return _state().continue_from(read_finished(folder / "training_state.safetensors")[1])


def _write_snapshots(folder: Path) -> tuple[str, bytes]:
    _write_bundle("bundle.json", folder)
    result = train(build_game(SETTINGS), SETTINGS, _Noise(), "data", folder / "run", NullTracker())  # pyright: ignore[reportArgumentType]
    networks = {"generator": result.ema["generator"]}
    origin = result.fingerprint, "5d" * 32
    BundleData(SETTINGS, networks, ("cat", "dog"), (0.5, 0.5), *origin).save(folder / "bundle")
    save_file(result.snapshots, folder / "snapshots.safetensors")
    return "snapshots.safetensors", (folder / "snapshots.safetensors").read_bytes()


def _read_snapshots(folder: Path) -> object:
    return Bundle.load(folder / "bundle").at_snapshots(load_tensors(folder / "snapshots.safetensors"))


def _write_snapshot(folder: Path) -> tuple[str, bytes]:
    snapshot = max((_train(folder) / "snapshots").iterdir())
    return str(snapshot.relative_to(folder)), snapshot.read_bytes()


def _read_snapshot(folder: Path) -> object:
    (run,) = folder.iterdir()
    return Checkpoints(run).snapshots.load_all()


def _classifier(classes: tuple[str, ...]) -> Classifier:
    network = Network(1, 8, 8, len(classes), 2, 3)
    initialise(network, 0)
    classifier = Classifier(network, (1, 8, 8), classes, 2)
    classifier.accuracies = {"held_out": 0.5}
    return classifier


def _extractors() -> Mapping[str, Mapping[str, bytes]]:
    modes = Coordinates(2, ("a", "b"), np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([0.1, 0.2]))
    return {
        "classifier": _classifier(("cat", "dog")).files(),
        "stacked digits": StackedDigits(_classifier(DIGITS), {"held_out": 0.5}).files(),
        "coordinates": modes.files(),
        "pretrained": Pretrained("inception", "5d" * 32).files(),
    }


def _write_extractor(kind: str, name: str, folder: Path) -> tuple[str, bytes]:
    for file, content in _extractors()[kind].items():
        (folder / file).write_bytes(content)
    return name, _extractors()[kind][name]


def _read_extractor(folder: Path) -> object:
    return restore({path.name: path.read_bytes() for path in folder.iterdir()})


def _write_seconds(folder: Path) -> tuple[str, bytes]:
    (folder / "seconds").write_bytes(b"1234.567\n")
    return "seconds", b"1234.567\n"


def _write_request(folder: Path) -> tuple[str, bytes]:
    from mlflow import pyfunc

    _write_bundle("bundle.json", folder)
    code = str(Path(request_guard.__file__).with_name("serving_model.py"))
    options = {"artifacts": {"bundle": str(folder / "bundle")}, "model_config": {"largest_request": 8}}
    pyfunc.save_model(folder / "model", python_model=code, pip_requirements=[], **options)
    inputs = [{"n": 3, "seed": 7, "class_label": 1, "truncation": 0.7}, {"n": 1, "class_label": None}]
    return "request.json", json.dumps({"inputs": inputs}).encode()


def _read_request(folder: Path) -> object:
    """Answer as `kedro serve` does."""
    body = (folder / "request.json").read_bytes()
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/invocations", "query_string": b"", "headers": headers}
    asyncio.run(_server(folder / "model")(scope, receive, send))
    status, answer = sent[0]["status"], b"".join(message.get("body", b"") for message in sent)
    if status == 400:
        raise RequestError("a request", expected="a good one", received=answer.decode()[:200], remedy="Correct it.")
    assert status == 200, (status, answer)
    return answer


@cache
def _server(model: Path) -> RequestGuard:
    from mlflow import pyfunc
    from mlflow.pyfunc import scoring_server

    return RequestGuard(scoring_server.init(pyfunc.load_model(str(model))), find_most_bytes(8))


def _write_parameters(folder: Path) -> tuple[str, bytes]:
    files = [_CONFIGURATION / f"parameters_{name}.yml" for name in ("data_preparation", "training", "evaluation")]
    values = {key: value for file in files for key, value in yaml.safe_load(file.read_text(encoding="utf-8")).items()}
    return "parameters.json", json.dumps(values).encode()


def _read_parameters(folder: Path) -> object:
    """Read YAML only: Kedro's loader refuses other files before."""
    try:
        raw = json.loads((folder / "parameters.json").read_bytes())
    except (ValueError, RecursionError) as error:
        raise ConfigurationError("parameters", expected="JSON", received=str(error), remedy="Correct it.") from None
    if not isinstance(raw, dict):
        raise ConfigurationError("parameters", expected="groups", received=repr(raw), remedy="Correct it.")
    return effective_parameters(raw)


MODEL_READERS: dict[str, tuple[Callable[[Path], tuple[str, bytes]], Callable[[Path], object]]] = {
    "bundle.json": (partial(_write_bundle, "bundle.json"), _read_bundle),
    "weights of a bundle": (partial(_write_bundle, "weights.safetensors"), _read_bundle),
    "checkpoint": (_write_checkpoint, _read_checkpoint),
    "training state": (_write_state, _read_state),
    "snapshots": (_write_snapshots, _read_snapshots),
    "snapshot": (_write_snapshot, _read_snapshot),
    "classifier": (partial(_write_extractor, "classifier", "extractor.json"), _read_extractor),
    "weights of a classifier": (partial(_write_extractor, "classifier", "weights.safetensors"), _read_extractor),
    "stacked digits": (partial(_write_extractor, "stacked digits", "extractor.json"), _read_extractor),
    "coordinates": (partial(_write_extractor, "coordinates", "extractor.json"), _read_extractor),
    "pretrained": (partial(_write_extractor, "pretrained", "extractor.json"), _read_extractor),
    "seconds": (_write_seconds, lambda folder: Stopwatch(folder / "seconds", 0)),
    "request": (_write_request, _read_request),
    "parameters": (_write_parameters, _read_parameters),
}
