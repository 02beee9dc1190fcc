"""Pictures of 1 to 4 channels as the three that networks for photographs look at."""

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from ganops.data.crop_and_resize import crop_and_resize


def to_rgb(images: UInt8[Tensor, "batch channels height width"]) -> UInt8[Tensor, "batch 3 height width"]:
    """Grey three times; what is transparent lies on white, as where the preparation drops opacity."""
    _, channels, height, width = images.shape
    if channels == 3:
        return images
    if channels == 1:
        return images.expand(-1, 3, -1, -1)
    fitted = [crop_and_resize(picture.transpose(1, 2, 0), (3, height, width)) for picture in images.cpu().numpy()]
    return torch.from_numpy(np.stack(fitted)).to(images.device)
