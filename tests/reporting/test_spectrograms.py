"""Views of clips: spectrograms as pictures, and the page with players."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ganops.data.preparation import prepare
from ganops.data.sources.tones import tones
from ganops.data.store import Store
from ganops.games.request import LatentRequest
from ganops.reporting.players import make_page
from ganops.reporting.spectrograms import Drawn, draw_grid, draw_real_beside_generated, draw_rows, draw_spectrograms
from ganops.reporting.wav import decode_wav
from ganops.sampling import Samples

from ..parameters import data_preparation


class Repeats:
    """A generator that returns training clips of the class asked for."""

    def __init__(self, store: Store, classes: tuple[str, ...]) -> None:
        self._store, self.classes = store, classes

    def generate(self, request: LatentRequest) -> Samples:
        label = request.class_label if isinstance(request.class_label, int) else 0
        indices = np.flatnonzero(self._store.manifest["label"].to_numpy() == label)[: request.n]
        values = torch.from_numpy(self._store.read("wave", np.resize(indices, request.n)))
        return Samples(values, torch.full((request.n,), label))

    def interpolate(
        self, start_seed: int, end_seed: int, steps: int, class_label: int | None, eased: bool = False
    ) -> torch.Tensor:
        return self.generate(LatentRequest(n=steps, class_label=class_label)).values


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    path = tmp_path_factory.mktemp("tones") / "store"
    prepare(tones(), data_preparation(source="tones", limit=120))[0].write(path)
    return Store.open(path)


def test_a_tone_is_a_bright_line_at_its_height() -> None:
    t = torch.arange(4096) / 8000
    low, high = (20000 * torch.sin(2 * torch.pi * f * t) for f in (500, 3000))
    pictures = draw_spectrograms(torch.stack([low, high])[:, None].to(torch.int16))
    count, _, rows, columns = pictures.shape
    assert (count, rows) == (2, 128) and columns == 64
    for picture, frequency in zip(pictures[:, 0, :, 8:-8], (500, 3000), strict=True):
        # Bins of 31.25 hertz, the lowest at the foot.
        assert (picture.argmax(dim=0) == 127 - round(frequency / 31.25)).all()


def test_zeros_are_black() -> None:
    assert not draw_spectrograms(torch.zeros(1, 1, 512, dtype=torch.int16)).any()


def test_rows_and_grids_are_pictures_of_the_spectrograms(store: Store) -> None:
    waves = torch.from_numpy(store.read("wave", np.arange(6)))
    grid = draw_grid(waves, 3)
    assert grid.mode == "L" and grid.width == 3 * 65 + 1 and grid.height == 2 * 129 + 1
    assert draw_rows({"one": waves[:3], "two": waves[3:]}, "note").height > 2 * 128
    generator, request = Repeats(store, store.classes), LatentRequest(n=2)
    drawn = Drawn(generator).generate(request)
    assert torch.equal(drawn.values, draw_spectrograms(generator.generate(request).values))


def test_real_and_generated_clips_stand_beside_one_another(store: Store) -> None:
    sheet = draw_real_beside_generated(Repeats(store, store.classes), store)
    assert isinstance(sheet, Image.Image) and sheet.height > len(store.classes) * 128


def test_the_page_holds_every_clip_as_it_is(store: Store) -> None:
    generator = Repeats(store, store.classes)
    page = make_page(generator, store)
    clips = [decode_wav(base64.b64decode(wav)) for wav in re.findall(r"data:audio/wav;base64,([^\"]+)", page)]
    assert len(clips) == 6 * (2 + 4) and page.count("<audio controls") == len(clips)
    made = generator.generate(LatentRequest(n=4, class_label=1)).values
    # The second row: two real clips, then the generated ones.
    assert np.array_equal(np.stack(clips[6 + 2 : 12]), made.numpy())
    stored = {row.tobytes() for row in store.read("wave", store.indices("train"))}
    assert all(clip.tobytes() in stored for clip in clips[6:8])
    pictures = re.findall(r"data:image/png;base64,([^\"]+)", page)
    assert len(pictures) == len(clips)
    assert Image.open(io.BytesIO(base64.b64decode(pictures[0]))).size == (66, 130)
    assert "8000 hertz, 0.512 seconds" in page


def test_names_of_classes_are_text(store: Store) -> None:
    page = make_page(Repeats(store, ("<script>", *store.classes[1:])), store)
    assert "<script>" not in page and "&lt;script&gt;" in page


def test_a_page_needs_no_other_file(store: Store, tmp_path: Path) -> None:
    page = make_page(Repeats(store, store.classes), store)
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page)
