"""A page with players: one HTML file that holds its clips, as WAV in base64, and their spectrograms."""

import base64
import html
import io

import torch
from jaxtyping import Int16
from torch import Tensor

from ganops.data.store import Store
from ganops.games.request import LatentRequest
from ganops.reporting.samples import SEED, SPLIT, SamplerLike, choose_labels, choose_real
from ganops.reporting.sheet import image_grid
from ganops.reporting.spectrograms import draw_spectrograms
from ganops.reporting.wav import encode_wav

_REAL, _GENERATED = 2, 4
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Clips</title>
<style>
body {{ font-family: sans-serif; margin: 2em; }}
th, td {{ padding: 0.3em; text-align: left; }}
img {{ display: block; width: 12em; }}
audio {{ width: 12em; }}
</style>
</head>
<body>
<h1>Clips</h1>
<p>{rate} hertz, {seconds:g} seconds. Real clips are of the split {split}.
Time runs to the right, frequency upwards.</p>
<table>
<tr><th></th><th colspan="{real}">real</th><th colspan="{generated}">generated</th></tr>
{rows}
</table>
</body>
</html>
"""


def make_page(generator: SamplerLike, store: Store) -> str:
    """Return the page: two training clips and four samples of each class; eight rows without classes."""
    form, labels = store.fields["wave"], choose_labels(generator)
    rate = form.sample_rate or 0
    rows = []
    for row, (label, indices) in enumerate(zip(labels, choose_real(store, labels), strict=True)):
        real = torch.from_numpy(store.read("wave", indices[:_REAL]))
        made = generator.generate(LatentRequest(n=_GENERATED, seed=SEED + row, class_label=label)).values
        name = "" if label is None else generator.classes[label]
        rows.append(_make_row(name, [*_pad(real), *made], rate))
    return _PAGE.format(
        rate=rate,
        seconds=form.shape[1] / rate,
        split=SPLIT,
        real=_REAL,
        generated=_GENERATED,
        rows="\n".join(rows),
    )


def _pad(real: Int16[Tensor, "n 1 samples"]) -> list[Tensor | None]:
    """Return as many clips as a row has cells for: a small class leaves some empty."""
    return [*real, *[None] * (_REAL - len(real))]


def _make_row(name: str, clips: list[Tensor | None], rate: int) -> str:
    return f"<tr><th>{html.escape(name)}</th>{''.join(_make_cell(clip, rate) for clip in clips)}</tr>"


def _make_cell(clip: Int16[Tensor, "1 samples"] | None, rate: int) -> str:
    if clip is None:
        return "<td></td>"
    picture = io.BytesIO()
    image_grid(draw_spectrograms(clip[None]), 1).save(picture, format="PNG")
    png, wav = (base64.b64encode(content).decode() for content in (picture.getvalue(), encode_wav(clip, rate)))
    return (
        f'<td><img alt="spectrogram" src="data:image/png;base64,{png}">'
        f'<audio controls src="data:audio/wav;base64,{wav}"></audio></td>'
    )
