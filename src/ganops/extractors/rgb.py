"""Convert pictures of 1 to 4 channels to RGB, for networks trained on photographs."""

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from ganops.data.crop_and_resize import crop_and_resize


def to_rgb(images: UInt8[Tensor, "batch channels height width"]) -> UInt8[Tensor, "batch 3 height width"]:
    """Repeat grey three times; put a transparent picture on white, as the preparation does."""
    _, channels, height, width = images.shape
    if channels == 3:
        return images
    if channels == 1:
        return images.expand(-1, 3, -1, -1)
    fitted = [crop_and_resize(picture.transpose(1, 2, 0), (3, height, width)) for picture in images.cpu().numpy()]
    return torch.from_numpy(np.stack(fitted)).to(images.device)
