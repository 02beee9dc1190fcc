"""LPIPS from two files of weights."""

import re
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from ganops.config import LPIPS_METRIC
from ganops.errors import ConfigurationError, MetricError
from ganops.evaluation.paired import Pairing
from ganops.evaluation.report import PairedProtocol
from ganops.extractors.lpips import Lpips, build_trunk, read_lpips
from ganops.games.build import build_game

from .. import parameters as of_base
from ..evaluation.test_paired import PAIRING

_WIDTHS = (64, 192, 384, 256, 256)


def draw(*shape: int) -> torch.Tensor:
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Random weights, of the names and shapes of the published ones; the trunk has its classifier's too."""
    folder, generator = tmp_path_factory.mktemp("lpips"), torch.Generator().manual_seed(1)
    trunk = {
        f"features.{name}": torch.randn(values.shape, generator=generator) * 0.05
        for name, values in build_trunk().state_dict().items()
    }
    heads = {
        f"lin{level}.model.1.weight": torch.rand(1, width, 1, 1, generator=generator)
        for level, width in enumerate(_WIDTHS)
    }
    torch.save({**trunk, "classifier.1.weight": torch.zeros(2)}, folder / "trunk.pth")
    torch.save(heads, folder / "heads.pth")
    return folder / "trunk.pth", folder / "heads.pth"


def test_it_is_the_weighted_distance_of_equation_1(files: tuple[Path, Path]) -> None:
    """Written out from the paper and the layers of AlexNet, in float64."""
    trunk, heads = ({name: values.double() for name, values in torch.load(path).items()} for path in files)
    one, other = draw(3, 3, 70, 90), draw(3, 3, 70, 90).flip(3)
    shift = torch.tensor([-0.030, -0.088, -0.188], dtype=torch.float64)[:, None, None]
    scale = torch.tensor([0.458, 0.448, 0.450], dtype=torch.float64)[:, None, None]

    def maps_of(pictures: torch.Tensor) -> list[torch.Tensor]:
        x, found = (pictures.double() / 127.5 - 1 - shift) / scale, []
        for number, stride, padding, pooled in ((0, 4, 2, 0), (3, 1, 2, 1), (6, 1, 1, 1), (8, 1, 1, 0), (10, 1, 1, 0)):
            x = F.max_pool2d(x, 3, 2) if pooled else x
            weight, bias = (trunk[f"features.{number}.{part}"] for part in ("weight", "bias"))
            x = F.conv2d(x, weight, bias, stride, padding).clamp_min(0)
            found.append(x / x.square().sum(1, keepdim=True).sqrt().clamp_min(1e-12))
        return found

    expected = sum(
        ((a - b).square() * heads[f"lin{level}.model.1.weight"]).sum(1).mean((1, 2))
        for level, (a, b) in enumerate(zip(maps_of(one), maps_of(other), strict=True))
    )
    torch.testing.assert_close(read_lpips(*files)(one, other).double(), expected, rtol=1e-4, atol=1e-5)


def test_equal_pictures_have_distance_zero_also_grey_and_small_ones(files: tuple[Path, Path]) -> None:
    lpips, pictures = read_lpips(*files), draw(2, 1, 28, 28)
    assert (lpips(pictures, pictures) == 0).all() and (lpips(pictures, 255 - pictures) > 0).all()


@pytest.mark.parametrize(
    ("trunk", "heads", "message"),
    [
        ("none", "", r"evaluation\.lpips_trunk, .*none: .*FileNotFoundError"),
        ("heads", "", r"evaluation\.lpips_trunk, .*KeyError: 'features\.0\.weight'"),
        ("", "trunk", r"evaluation\.lpips_heads, .*KeyError: 'lin0"),
        ("empty", "", r"evaluation\.lpips_trunk, .*empty: expected a file of PyTorch.*EOFError"),
        ("text", "", r"evaluation\.lpips_trunk, .*text: expected a file of PyTorch"),
        ("", "wide", r"evaluation\.lpips_heads, .*lin0\.model\.1\.weight of shape \(1, 65, 1, 1\)"),
    ],
)
def test_other_files_are_refused(
    trunk: str, heads: str, message: str, files: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "text").write_text("no weights")
    (tmp_path / "empty").touch()
    torch.save({"lin0.model.1.weight": torch.zeros(1, 65, 1, 1)}, tmp_path / "wide")
    others = {"": None, "trunk": files[0], "heads": files[1]}
    chosen = [others.get(name, tmp_path / name) for name in (trunk, heads)]
    with pytest.raises(MetricError, match=message):
        read_lpips(chosen[0] or files[0], chosen[1] or files[1])


def test_one_file_alone_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="expected both files or none"):
        of_base.evaluation(lpips_heads="heads.pth")


def test_it_is_a_metric_of_samples_with_targets_alone_and_part_of_their_protocol(files: tuple[Path, Path]) -> None:
    lpips = read_lpips(*files)
    pairing = PAIRING.with_lpips(lpips)
    one, other = draw(2, 3, 64, 64), draw(2, 3, 64, 64).flip(2)
    assert pairing.measure(one, other, {"mask": one})[LPIPS_METRIC] == pytest.approx(float(lpips(one, other).mean()))
    protocol = PairedProtocol(
        *("f", "w", "r", 2, "train", 2, (1,), 1, 2, 1, 1, "s"), paired_metrics=(), lpips_weights=pairing.lpips_weights
    )
    assert re.search(rf"lpips_weights {lpips.digest[:12]}", str(protocol))
    unpaired = Pairing.of(build_game(of_base.resolve_settings("fastcut", of_base.images(3, 16, 16))))
    assert unpaired is not None and unpaired.with_lpips(lpips) is unpaired


def test_other_weights_are_another_protocol(files: tuple[Path, Path], tmp_path: Path) -> None:
    heads = {name: values * 2 for name, values in torch.load(files[1]).items()}
    torch.save(heads, tmp_path / "heads.pth")
    doubled = read_lpips(files[0], tmp_path / "heads.pth")
    assert isinstance(doubled, Lpips) and doubled.digest != read_lpips(*files).digest
    one, other = draw(1, 3, 64, 64), draw(1, 3, 64, 64).flip(2)
    torch.testing.assert_close(doubled(one, other), 2 * read_lpips(*files)(one, other))
