"""Animations in the catalog."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganops.errors import ConfigurationError
from ganops.kedro_datasets.file_dataset import FileDataset

if TYPE_CHECKING:
    from PIL.Image import Image

_COLOURS = 256


class AnimationDataset(FileDataset["list[Image]"]):
    """Stores grey (L) or RGB pictures of one size as an endless GIF: equal frames give equal bytes.

    Grey is kept exactly. Colours are reduced to one palette of 256 for all frames, without dithering, which would
    flicker.

    Args:
        filepath: the file.
        frames_per_second: a divisor of 100, because GIF counts in hundredths of a second.
        metadata: for the tools that read the catalog; no meaning here.
    """

    def __init__(self, *, filepath: str, frames_per_second: int, metadata: dict[str, Any] | None = None) -> None:
        check_frames_per_second(filepath, frames_per_second)
        super().__init__(filepath=filepath, metadata=metadata)
        self._milliseconds = 1000 // frames_per_second

    def _read(self, path: Path) -> "list[Image]":
        """Read the frames, grey (L) or RGB; GIF keeps only the first of equal consecutive frames."""
        from PIL import Image, ImageSequence

        with Image.open(path) as animation:
            mode = "L" if animation.mode == "L" else "RGB"
            return [frame.convert(mode) for frame in ImageSequence.Iterator(animation)]

    def _write(self, data: "list[Image]", path: Path) -> None:
        frames = _to_one_palette(data)
        frames[0].save(
            path,
            "GIF",
            save_all=True,
            append_images=frames[1:],
            duration=self._milliseconds,
            loop=0,
            optimize=False,
        )


def check_frames_per_second(filepath: str, frames_per_second: int) -> None:
    """Raise ConfigurationError for a speed that GIF cannot store."""
    if frames_per_second < 1 or 100 % frames_per_second:
        raise ConfigurationError(
            f"frames_per_second of {filepath}",
            expected="a divisor of 100, such as 10, 20 or 25",
            received=repr(frames_per_second),
            remedy="Correct it in conf/base/catalog_*.yml.",
        )


def _to_one_palette(frames: "list[Image]") -> "list[Image]":
    from PIL import Image

    if frames[0].mode == "L":
        return frames
    width, height = frames[0].size
    all_frames = Image.new("RGB", (width, height * len(frames)))
    for place, frame in enumerate(frames):
        all_frames.paste(frame, (0, place * height))
    palette = all_frames.quantize(_COLOURS, Image.Quantize.MEDIANCUT)
    return [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
