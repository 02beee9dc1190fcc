"""Every channel count comes back exactly."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from ganops.reporting.png import encode_png


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
def test_pixels_come_back(channels: int, mode: str) -> None:
    image = torch.arange(channels * 5 * 7, dtype=torch.uint8).reshape(channels, 5, 7)
    picture = Image.open(io.BytesIO(encode_png(image)))
    assert picture.mode == mode
    assert np.array_equal(np.atleast_3d(np.asarray(picture)).transpose(2, 0, 1), image.numpy())
