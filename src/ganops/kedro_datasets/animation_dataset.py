"""A film in the catalog."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from ganops.errors import ConfigurationError
from ganops.files import whole_file

if TYPE_CHECKING:
    from PIL.Image import Image

_COLOURS = 256


class AnimationDataset(AbstractDataset["list[Image]", "list[Image]"]):
    """Grey (L) or RGB pictures of one size as an endless GIF, written whole or not at all; equal ones are equal bytes.

    Grey is kept exactly; of colours the 256 that serve the whole film best, without dithering, which would flicker.

    Args:
        filepath: the file.
        frames_per_second: a divisor of 100, because GIF counts in hundredths of a second.
        metadata: for the tools that read the catalog; no meaning here.
    """

    def __init__(self, *, filepath: str, frames_per_second: int, metadata: dict[str, Any] | None = None) -> None:
        if frames_per_second < 1 or 100 % frames_per_second:
            raise ConfigurationError(
                f"frames_per_second of {filepath}",
                expected="a divisor of 100, as 10, 20 or 25",
                received=repr(frames_per_second),
                remedy="Correct it in conf/base/catalog_*.yml.",
            )
        self._filepath = Path(filepath)
        self._milliseconds = 1000 // frames_per_second
        self.metadata = metadata

    def load(self) -> "list[Image]":
        """All frames, grey (L) or RGB; where two that follow one another are the same, GIF keeps the first alone."""
        from PIL import Image, ImageSequence

        with Image.open(self._filepath) as film:
            mode = "L" if film.mode == "L" else "RGB"
            return [frame.convert(mode) for frame in ImageSequence.Iterator(film)]

    def save(self, data: "list[Image]") -> None:
        """Write the file whole or not at all."""
        frames = _in_one_palette(data)
        with whole_file(self._filepath) as file:
            frames[0].save(
                file,
                "GIF",
                save_all=True,
                append_images=frames[1:],
                duration=self._milliseconds,
                loop=0,
                optimize=False,
            )

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


def _in_one_palette(frames: "list[Image]") -> "list[Image]":
    from PIL import Image

    if frames[0].mode == "L":
        return frames
    width, height = frames[0].size
    all_frames = Image.new("RGB", (width, height * len(frames)))
    for place, frame in enumerate(frames):
        all_frames.paste(frame, (0, place * height))
    palette = all_frames.quantize(_COLOURS, Image.Quantize.MEDIANCUT)
    return [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
