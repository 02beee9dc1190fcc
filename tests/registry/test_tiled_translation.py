"""Pictures larger than those of the training are translated in tiles by `kedro generate`, and refused by the server."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganops.bundle import Bundle, BundleData
from ganops.errors import RequestError
from ganops.networks.build import build_networks
from ganops.registry.generate import generate_from_folders
from ganops.registry.requests import answer, parse_request

from ..parameters import images, resolve_settings

LARGE = np.random.default_rng(0).integers(0, 256, (29, 41), dtype=np.uint8)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    settings = resolve_settings("fastcut", images(1, 8, 8, 2), base_channels=4)
    networks = {"generator": build_networks(settings)["generator"]}
    BundleData(settings, networks, (), (), "f1" * 16, "5d" * 32).save(tmp_path / "bundle")
    return Bundle.load(tmp_path / "bundle")


def translate(bundle: Bundle, folder: Path, pixels: np.ndarray) -> np.ndarray:
    inputs = folder / "inputs"
    inputs.mkdir()
    Image.fromarray(pixels).save(inputs / "a.png")
    (path,) = generate_from_folders(str(bundle.path), {}, {"input": inputs}, folder / "out")
    return np.asarray(Image.open(path))


def test_a_larger_picture_keeps_its_size(bundle: Bundle, tmp_path: Path) -> None:
    found = translate(bundle, tmp_path, LARGE)
    assert found.shape == LARGE.shape
    # The corner is seen by one tile alone.
    corner = parse_request(bundle, {"input": encode(LARGE[:8, :8])})
    (alone,) = answer(bundle, corner).values
    assert found[0, 0] == alone[0, 0, 0]


@pytest.mark.parametrize("shape", [(7, 41), (41, 7), (8, 41, 3)])
def test_pictures_that_no_tile_fits_are_refused(bundle: Bundle, shape: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"a\.png: input: expected a sample of shape 1 × 8 × 8 .* or larger"):
        translate(bundle, tmp_path, np.zeros(shape, dtype=np.uint8))


def test_the_server_takes_pictures_of_the_training_s_size_alone(bundle: Bundle) -> None:
    with pytest.raises(RequestError, match=r"input: expected a sample of shape 1 × 8 × 8 \(.*\), received 1 × 29 × 41"):
        answer(bundle, parse_request(bundle, {"input": encode(LARGE)}))


def encode(pixels: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()
