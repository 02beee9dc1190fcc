"""Networks of ImageNet as feature extractors: their features, their resizing, their weights."""

import hashlib
import io
import math
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
from ganops.extractors.efficientnet import MODELS, EfficientNetLite
from ganops.extractors.inception import Inception
from ganops.extractors.rgb import to_rgb
from ganops.extractors.weights import (
    WeightsFile,
    find_or_download,
    packaged_efficientnet,
    read_packaged_weights,
    read_weights,
)
from ganops.networks.efficientnet import LITE0, LITE2, EfficientNet, SamePadding, Scaling, load, normalise

# Model → the three likeliest classes of a temple, and the likeliest of a dahlia: there is no class of dahlias.
SEEN = {
    "efficientnet_lite0": ({442, 449, 698}, 985),  # bell cote, boathouse, palace; daisy
    "efficientnet_lite2": ({442, 483, 698}, 599),  # bell cote, castle, palace; honeycomb, as its petals are laid out
}


def weights_of(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Random ones by which signals neither die nor grow."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
    return network.state_dict()


@pytest.fixture(scope="module")
def efficientnets() -> dict[str, EfficientNetLite]:
    return {
        name: EfficientNetLite(model, read_weights(packaged_efficientnet(model.weights), model.weights))
        for name, model in MODELS.items()
    }


@pytest.fixture(scope="module")
def inception_weights() -> dict[str, torch.Tensor]:
    return weights_of(inception.Network())


@pytest.fixture(scope="module")
def extractors(
    efficientnets: dict[str, EfficientNetLite], inception_weights: dict[str, torch.Tensor]
) -> dict[str, FeatureExtractor]:
    random = Inception(inception_weights, "of random weights")
    random.chunk = 2  # for speed
    return {**efficientnets, random.name: random}


def noise(count: int, channels: int = 3, side: int = 16) -> torch.Tensor:
    values = np.random.default_rng(0).integers(0, 256, (count, channels, side, side), dtype=np.uint8)
    return torch.from_numpy(values)


def photographs() -> Iterator[torch.Tensor]:
    samples = pytest.importorskip("sklearn.datasets").load_sample_images()
    for picture in samples.images:
        yield torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None]


@pytest.mark.parametrize("name", MODELS)
def test_it_classifies_a_dahlia_and_a_temple(name: str, efficientnets: dict[str, EfficientNetLite]) -> None:
    """Photographs that scikit-learn brings: weights, order of channels, scale and resizing all fit one another."""
    temple, dahlia = (extract(efficientnets[name], picture).probabilities for picture in photographs())
    assert temple is not None and dahlia is not None
    buildings, flower = SEEN[name]
    assert dahlia[0].argmax() == flower
    assert set(np.argsort(temple[0])[-3:]) == buildings


@pytest.mark.parametrize("name", MODELS)
def test_every_layer_has_the_variances_that_its_weights_recorded(
    name: str, efficientnets: dict[str, EfficientNetLite]
) -> None:
    """Batch norms recorded them on photographs: a weight in the place of another would change all that follow."""
    network, side = load(MODELS[name].scaling, read_packaged_weights(MODELS[name].weights)), efficientnets[name].side
    crops = [p[..., y : y + 250, x : x + 250] for p in photographs() for y in (0, 170) for x in (0, 190, 380)]
    ratios = []

    def compare(layer: torch.nn.Module, inputs: tuple[torch.Tensor], _: torch.Tensor) -> None:
        ratios.append((inputs[0].var((0, 2, 3)) / layer.get_buffer("running_var")).log().median().abs().item())

    norms = [layer for layer in network.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    handles = [layer.register_forward_hook(compare) for layer in norms]
    with torch.inference_mode():
        network(normalise(torch.cat([efficientnet.resize(crop, side) for crop in crops])))
    for handle in handles:
        handle.remove()
    assert len(ratios) == len(norms) and max(ratios) < 0.7


@pytest.mark.parametrize("name", MODELS)
def test_folding_the_norms_changes_nothing_but_rounding(name: str, efficientnets: dict[str, EfficientNetLite]) -> None:
    whole, maps = load(MODELS[name].scaling, read_packaged_weights(MODELS[name].weights)), noise(3, side=96) / 128 - 1
    folded = efficientnets[name].network
    assert not any(isinstance(layer, torch.nn.BatchNorm2d) for layer in folded.modules())
    with torch.inference_mode():
        for ours, expected in zip(folded(maps), whole(maps), strict=True):
            torch.testing.assert_close(ours, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", [*MODELS, "inception"])
def test_features_do_not_depend_on_the_batch(name: str, extractors: dict[str, FeatureExtractor]) -> None:
    extractor, pictures = extractors[name], noise(5)
    whole = extract(extractor, pictures)
    assert (whole.values.shape, whole.values.dtype) == ((5, extractor.dimension), np.float32)
    np.testing.assert_array_equal(extract(extractor, pictures[3:]).values, whole.values[3:])
    np.testing.assert_array_equal(extract(extractor, pictures[1:2]).values, whole.values[1:2])
    with torch.inference_mode():
        alone, _ = extractor(pictures[:3])
    np.testing.assert_allclose(alone.numpy(), whole.values[:3], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", [*MODELS, "inception"])
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


@pytest.mark.parametrize("side", [224, 260])
@pytest.mark.parametrize("size", [(28, 28), (64, 48), (427, 640)])
def test_pictures_are_resized_as_pillow_resizes_them(size: tuple[int, int], side: int) -> None:
    y, x = np.mgrid[: size[0], : size[1]]
    waves = 127 + 60 * np.sin(x / 5) + 60 * np.cos(y / 3)
    picture = np.stack([waves, waves.max() - waves, 0 * waves], axis=2).astype(np.uint8)
    mine = efficientnet.resize(torch.from_numpy(picture.transpose(2, 0, 1).copy())[None], side)[0]
    theirs = Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC)
    assert np.abs(mine.numpy().transpose(1, 2, 0) - np.asarray(theirs, dtype=np.float32)).max() <= 1


@pytest.mark.parametrize(("scaling", "count", "side"), [(LITE0, 4_652_008, 7), (LITE2, 6_092_072, 9)])
def test_the_network_has_the_size_that_is_published(scaling: Scaling, count: int, side: int) -> None:
    """4.7 and 6.1 million parameters; sides of a 32nd, rounded up at each of five strides."""
    network = EfficientNet(scaling).eval()
    assert sum(parameter.numel() for parameter in network.parameters()) == count
    with torch.inference_mode():
        assert network.body(torch.zeros(1, 3, scaling.side, scaling.side)).shape == (1, 1280, side, side)
        assert network.body(torch.zeros(1, 3, 64, 96)).shape == (1, 1280, 2, 3)


def test_channels_are_multiples_of_eight_that_lose_less_than_a_tenth() -> None:
    assert [channels for *_, channels, _ in LITE0.stages()] == [16, 24, 40, 80, 112, 192, 320]
    assert [channels for *_, channels, _ in LITE2.stages()] == [16, 24, 48, 88, 120, 208, 352]
    assert [count for *_, count in LITE2.stages()] == [1, 3, 3, 4, 4, 5, 1]
    # 8 would lose more than a tenth of 10.
    assert Scaling(1.0, 1.0, 224).channels(10) == 16


@pytest.mark.parametrize(("side", "kernel"), [(7, 3), (8, 3), (65, 5), (130, 5)])
def test_padding_is_that_of_tensorflow(side: int, kernel: int) -> None:
    """https://www.tensorflow.org/api_docs/python/tf/nn, SAME: the total is split, what is odd goes to the end."""
    total = (math.ceil(side / 2) - 1) * 2 + kernel - side
    padded = SamePadding(kernel, 2)(torch.ones(1, 1, side, side))[0, 0]
    assert padded.shape == (side + total, side + total)
    begin = total // 2
    assert (padded[begin : begin + side, begin : begin + side] == 1).all() and padded.sum() == side * side


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
    return WeightsFile(("kept.pth", "other.pth"), digest, path.stat().st_size, path.as_uri(), "Look there"), path


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
    message = rf"kept\.pth: expected {wanted.size} bytes of sha256 {wanted.sha256}.*Look there; or set"
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
