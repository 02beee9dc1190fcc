"""Networks of ImageNet as feature extractors: their features, their resizing, their weights."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from ganops.data.crop_and_resize import crop_and_resize
from ganops.errors import MetricError
from ganops.extractors import efficientnet, inception
from ganops.extractors.base import FeatureExtractor, extract
from ganops.extractors.efficientnet import EfficientNetLite0
from ganops.extractors.inception import Inception
from ganops.extractors.rgb import to_rgb
from ganops.extractors.weights import (
    EFFICIENTNET_LITE0,
    WeightsFile,
    find_or_download,
    packaged_efficientnet,
    read_weights,
)
from ganops.networks.efficientnet import LITE0, EfficientNet

DAISY = 985
BUILDINGS = {442, 449, 698}  # bell cote, boathouse, palace


def weights_of(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Random ones by which signals neither die nor grow."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
    return network.state_dict()


@pytest.fixture(scope="module")
def efficientnet_extractor() -> EfficientNetLite0:
    return EfficientNetLite0(read_weights(packaged_efficientnet(), EFFICIENTNET_LITE0))


@pytest.fixture(scope="module")
def inception_weights() -> dict[str, torch.Tensor]:
    return weights_of(inception.Network())


@pytest.fixture(scope="module")
def extractors(
    efficientnet_extractor: EfficientNetLite0, inception_weights: dict[str, torch.Tensor]
) -> dict[str, FeatureExtractor]:
    random = Inception(inception_weights, "of random weights")
    random.chunk = 2  # for speed
    return {extractor.name: extractor for extractor in (efficientnet_extractor, random)}


def noise(count: int, channels: int = 3, side: int = 16) -> torch.Tensor:
    values = np.random.default_rng(0).integers(0, 256, (count, channels, side, side), dtype=np.uint8)
    return torch.from_numpy(values)


def photographs() -> Iterator[torch.Tensor]:
    samples = pytest.importorskip("sklearn.datasets").load_sample_images()
    for picture in samples.images:
        yield torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None]


def test_it_classifies_a_daisy_and_a_temple(efficientnet_extractor: EfficientNetLite0) -> None:
    """Photographs that scikit-learn brings: weights, order of channels, scale and resizing all fit one another."""
    temple, daisy = (extract(efficientnet_extractor, picture).probabilities for picture in photographs())
    assert temple is not None and daisy is not None
    assert daisy[0].argmax() == DAISY
    assert set(np.argsort(temple[0])[-3:]) == BUILDINGS


@pytest.mark.parametrize("name", ["efficientnet_lite0", "inception"])
def test_features_do_not_depend_on_the_batch(name: str, extractors: dict[str, FeatureExtractor]) -> None:
    extractor, pictures = extractors[name], noise(5)
    whole = extract(extractor, pictures)
    assert (whole.values.shape, whole.values.dtype) == ((5, extractor.dimension), np.float32)
    np.testing.assert_array_equal(extract(extractor, pictures[3:]).values, whole.values[3:])
    np.testing.assert_array_equal(extract(extractor, pictures[1:2]).values, whole.values[1:2])
    with torch.inference_mode():
        alone, _ = extractor(pictures[:3])
    np.testing.assert_allclose(alone.numpy(), whole.values[:3], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["efficientnet_lite0", "inception"])
@pytest.mark.parametrize("channels", [1, 2, 4])
def test_other_channels_become_rgb_as_in_the_preparation(
    name: str, channels: int, extractors: dict[str, FeatureExtractor]
) -> None:
    pictures = noise(2, channels)
    fitted = [crop_and_resize(picture.transpose(1, 2, 0), (3, 16, 16)) for picture in pictures.numpy()]
    seen, of_rgb = (extract(extractors[name], images) for images in (pictures, torch.from_numpy(np.stack(fitted))))
    np.testing.assert_array_equal(seen.values, of_rgb.values)
    assert seen.probabilities is not None
    np.testing.assert_allclose(seen.probabilities.sum(axis=1), 1.0, rtol=1e-12)


def test_what_is_transparent_lies_on_white() -> None:
    pictures = noise(1, 4)
    pictures[:, 3] = 0
    assert (to_rgb(pictures) == 255).all()


@pytest.mark.parametrize("size", [(28, 28), (64, 48), (427, 640)])
def test_pictures_are_resized_as_pillow_resizes_them(size: tuple[int, int]) -> None:
    y, x = np.mgrid[: size[0], : size[1]]
    waves = 127 + 60 * np.sin(x / 5) + 60 * np.cos(y / 3)
    picture = np.stack([waves, waves.max() - waves, 0 * waves], axis=2).astype(np.uint8)
    mine = efficientnet.resize(torch.from_numpy(picture.transpose(2, 0, 1).copy())[None])[0]
    theirs = Image.fromarray(picture).resize((efficientnet.SIDE, efficientnet.SIDE), Image.Resampling.BICUBIC)
    assert np.abs(mine.numpy().transpose(1, 2, 0) - np.asarray(theirs, dtype=np.float32)).max() <= 1


def test_the_network_has_the_size_that_is_published() -> None:
    """4.7 million parameters, and sides of a 32nd."""
    network = EfficientNet(LITE0).eval()
    assert sum(parameter.numel() for parameter in network.parameters()) == 4_652_008
    with torch.inference_mode():
        assert network.body(torch.zeros(1, 3, 64, 96)).shape == (1, 1280, 2, 3)


def test_inception_sees_what_torch_fidelity_sees(
    inception_weights: dict[str, torch.Tensor], extractors: dict[str, FeatureExtractor], tmp_path: Path
) -> None:
    torch.save(inception_weights, tmp_path / "weights.pth")
    layers = ["2048", "logits_unbiased"]
    theirs = FeatureExtractorInceptionV3("x", layers, feature_extractor_weights_path=str(tmp_path / "weights.pth"))
    pictures = noise(2, side=32)
    with torch.inference_mode():
        features, logits = theirs(pictures)
        mine, probabilities = extractors["inception"](pictures)
    assert features.std() > 0.01
    torch.testing.assert_close(mine, features, rtol=1e-3, atol=1e-4)
    assert probabilities is not None
    torch.testing.assert_close(probabilities, logits.double().softmax(dim=1), rtol=1e-3, atol=1e-5)


def file_of(folder: Path) -> tuple[WeightsFile, Path]:
    """Return a weights file on a disk that stands for the server."""
    buffer = io.BytesIO()
    torch.save({"a": torch.arange(3)}, buffer)
    path = folder / "far" / "weights.pth"
    path.parent.mkdir()
    path.write_bytes(buffer.getvalue())
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    return WeightsFile(("kept.pth", "other.pth"), digest, path.stat().st_size, path.as_uri(), "there"), path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    return tmp_path / "cache/hub/checkpoints"


def test_weights_are_downloaded_once_and_kept(tmp_path: Path, cache: Path) -> None:
    wanted, far = file_of(tmp_path)
    path = find_or_download(None, wanted)
    assert path == cache / "kept.pth"
    far.unlink()
    assert find_or_download(None, wanted) == path
    assert torch.equal(read_weights(path, wanted)["a"], torch.arange(3))


def test_the_file_that_is_named_comes_first_then_either_name_in_the_cache(tmp_path: Path, cache: Path) -> None:
    wanted, far = file_of(tmp_path)
    cache.mkdir(parents=True)
    far.rename(cache / "other.pth")
    assert find_or_download(None, wanted) == cache / "other.pth"
    assert find_or_download("mine.pth", wanted) == Path("mine.pth")


@pytest.mark.parametrize("damage", ["nothing there", "other bytes"])
def test_a_failed_download_leaves_nothing_and_names_the_file(tmp_path: Path, cache: Path, damage: str) -> None:
    wanted, far = file_of(tmp_path)
    far.unlink() if damage == "nothing there" else far.write_bytes(b"x")
    message = rf"kept\.pth: expected {wanted.size} bytes of sha256 {wanted.sha256}.*Get kept\.pth from there and put it"
    with pytest.raises(MetricError, match=message):
        find_or_download(None, wanted)
    assert list(cache.iterdir()) == []


def test_weights_of_other_bytes_are_not_read(tmp_path: Path) -> None:
    wanted, far = file_of(tmp_path)
    far.write_bytes(far.read_bytes() + b"x")
    with pytest.raises(MetricError, match="of sha256"):
        read_weights(far, wanted)
    with pytest.raises(MetricError, match="received No such file"):
        read_weights(tmp_path / "none.pth", wanted)
