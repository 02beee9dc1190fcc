"""How fast is the data preparation, where does the time go, and how does memory grow?

python benchmarks/preparation.py [--quick]      tables: pictures per second beside a plain Pillow loop on one core and
                                                torchvision on all cores, the decoder's share of the time, peak memory
python benchmarks/preparation.py small 100000   one preparation of 100,000 pictures of a kind: seconds, memory
python benchmarks/preparation.py large 1000

Kinds, all JPEGs in colour: small of 32 × 32 pixels, which keep their size; medium of 500 × 375 and large of 6000 ×
4000, which become 64 × 64. They are made in a temporary folder, the same in every run. `ganops` is the whole
preparation: listing the folder, decoding, resizing, hashing, splits, near duplicates, report; the other two only decode
and resize. Memory is RssAnon (Linux only); the interpreter with torch occupies about 400 MiB before the preparation.
"""

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from unittest import mock

import numpy as np
import torch
import yaml
from PIL import Image, ImageChops, ImageFile
from torchvision.io import ImageReadMode, decode_image, read_file
from torchvision.transforms.v2 import functional

from ganops.data.preparation import prepare
from ganops.data.sources.image_folder import image_folder
from ganops.preparation_config import DataPreparationParameters

ROOT = Path(__file__).parents[1]
SIDES = {"small": 32, "medium": 64, "large": 64}
WIDTH, HEIGHT, SCENES, BLOCK = 6000, 4000, 8, 16
RESTART = [bytes((0xFF, 0xD0 + k)) for k in range(8)]
CORES = len(os.sched_getaffinity(0))


def parameters(side: int) -> DataPreparationParameters:
    """Those of conf/base for one's own pictures, square and in colour."""
    values = yaml.safe_load((ROOT / "conf/base/parameters_data_preparation.yml").read_text(encoding="utf-8"))[
        "data_preparation"
    ]
    return DataPreparationParameters.parse(
        {**values, "source": "image_folder", "height": side, "width": side, "channels": 3}
    )


def make_small(folder: Path, count: int) -> None:
    """Smooth colours, each picture its own."""
    draw = np.random.default_rng(0)
    for k in range(count):
        coarse = Image.fromarray(draw.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        coarse.resize((32, 32), Image.Resampling.BICUBIC).save(folder / f"{k:06}.jpg", quality=90)


def make_medium(folder: Path, count: int) -> None:
    """Pieces of the first scene, each from its own place."""
    scene, draw = Image.open(BytesIO(_scene(0))), np.random.default_rng(0)
    for k in range(count):
        left, top = (int(place) for place in draw.integers(0, (WIDTH - 500, HEIGHT - 375)))
        scene.crop((left, top, left + 500, top + 375)).save(folder / f"{k:06}.jpg", quality=90)


def make_large(folder: Path, count: int) -> None:
    """Make pictures that each join two of eight scenes at another height.

    Restart markers separate the rows of blocks, so that rows can be exchanged without encoding them again.
    """
    # If there are few pictures, each is a scene of its own, joined to the next.
    heads, rows = zip(*(_rows(_scene(seed)) for seed in range(min(SCENES, count + 1))), strict=True)
    for k in range(count):
        above, below = k % SCENES, (k + 1 + k // SCENES % (SCENES - 1)) % len(rows)
        cut = 10 + k // (SCENES * (SCENES - 1)) * 7 % (HEIGHT // BLOCK - 20)
        body = rows[above][:cut] + rows[below][cut:]
        (folder / f"{k:06}.jpg").write_bytes(heads[above] + b"".join(body) + b"\xff\xd9")


def _scene(seed: int) -> bytes:
    draw = np.random.default_rng(seed)
    canvas = np.zeros((HEIGHT // 4, WIDTH // 4, 3), dtype=np.float32)
    for octave in range(1, 10):
        # Amplitudes fall with frequency, as in photographs.
        coarse = draw.integers(0, 256, (2**octave, 2**octave, 3), dtype=np.uint8)
        layer = Image.fromarray(coarse).resize((WIDTH // 4, HEIGHT // 4), Image.Resampling.BICUBIC)
        canvas += np.asarray(layer, dtype=np.float32) * 0.55**octave
    smooth = Image.fromarray(canvas.clip(0, 255).astype(np.uint8)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    grain = draw.normal(128, 4, (500, 500, 1)).astype(np.uint8)
    picture = ImageChops.add(smooth, Image.fromarray(np.tile(grain, (HEIGHT // 500, WIDTH // 500, 3))), 1, -128)
    buffer = BytesIO()
    picture.save(buffer, "jpeg", quality=90, restart_marker_rows=1)
    return buffer.getvalue()


def _rows(content: bytes) -> tuple[bytes, list[bytes]]:
    """Split a JPEG into its headers and its rows of blocks, each with the marker that follows."""
    start = content.index(b"\xff\xda")
    start += 2 + int.from_bytes(content[start + 2 : start + 4])
    rows, end = [], len(content) - 2
    for k in range(HEIGHT // BLOCK):
        stop = content.find(RESTART[k % 8], start)
        stop = stop + 2 if stop >= 0 else end
        rows.append(content[start:stop])
        start = stop
    return content[: content.index(rows[0])], rows


MAKERS: dict[str, Callable[[Path, int], None]] = {"small": make_small, "medium": make_medium, "large": make_large}


@contextmanager
def make_folder(kind: str, count: int) -> Iterator[Path]:
    """Make a temporary folder with `count` pictures of a kind."""
    with tempfile.TemporaryDirectory() as temporary:
        MAKERS[kind](Path(temporary), count)
        yield Path(temporary)


def plain_loop(folder: Path, side: int) -> None:
    """Decode and resize one picture after the other, as tutorials do."""
    for file in sorted(folder.iterdir()):
        with Image.open(file) as opened:
            picture = opened.convert("RGB")
        whole = min(picture.size)
        left, top = (picture.width - whole) // 2, (picture.height - whole) // 2
        square = picture.crop((left, top, left + whole, top + whole))
        np.asarray(square.resize((side, side), Image.Resampling.LANCZOS))


def torchvision_threads(folder: Path, side: int) -> None:
    """Decode and resize with one thread per core, each with one thread of torch."""
    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(partial(_with_torchvision, side), sorted(folder.iterdir()), chunksize=8))


def _with_torchvision(side: int, file: Path) -> None:
    picture = decode_image(read_file(str(file)), ImageReadMode.RGB)
    square = functional.center_crop(picture, [min(picture.shape[1:])])
    functional.resize(square, [side, side], antialias=True)


def ganops(folder: Path, side: int) -> None:
    """Run the whole preparation on all cores."""
    prepare(image_folder(folder), parameters(side))


def speeds(kind: str, count: int, repeats: int) -> None:
    """Print the medians over repeats; the three sides alternate."""
    sides = (plain_loop, torchvision_threads, ganops)
    seconds: dict[str, list[float]] = {side.__name__: [] for side in sides}
    with make_folder(kind, count) as folder:
        for _ in range(repeats):
            for side in sides:
                start = time.perf_counter()
                side(folder, SIDES[kind])
                seconds[side.__name__].append(time.perf_counter() - start)
        share = decoder_share(folder, SIDES[kind])
    rates = {name: count / statistics.median(taken) for name, taken in seconds.items()}
    for name, rate in rates.items():
        print(f"{kind:8}{name:22}{rate:12.1f}{rates['ganops'] / rate:16.2f}")
    print(f"{kind:8}share of ganops' CPU time inside the decoder (open and load): {share:.0%}", flush=True)


def decoder_share(folder: Path, side: int) -> float:
    """Return the share of a preparation's CPU seconds that is spent inside Pillow's `open` and `load`."""
    inside = []

    def count_time(whole: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*arguments: object, **named: object) -> object:
            start = time.thread_time()
            try:
                return whole(*arguments, **named)
            finally:
                inside.append(time.thread_time() - start)

        return wrapped

    whole_open, whole_load = count_time(Image.open), count_time(ImageFile.ImageFile.load)
    with mock.patch.object(Image, "open", whole_open), mock.patch.object(ImageFile.ImageFile, "load", whole_load):
        start = time.process_time()
        ganops(folder, side)
        return sum(inside) / (time.process_time() - start)


def measure(folder: Path, side: int) -> dict[str, float]:
    """Measure one preparation in this process: seconds, and memory in MiB before it and at its peak."""
    peaks, done = [_anonymous()], threading.Event()

    def poll() -> None:
        while not done.wait(0.01):
            peaks.append(_anonymous())

    poller = threading.Thread(target=poll)
    poller.start()
    start = time.perf_counter()
    ganops(folder, side)
    seconds = time.perf_counter() - start
    done.set()
    poller.join()
    return {"seconds": seconds, "before": peaks[0], "peak": max(peaks)}


def _anonymous() -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def one_run(kind: str, count: int) -> None:
    """Run one preparation in a fresh process and print it."""
    with make_folder(kind, count) as folder:
        command = [sys.executable, __file__, "--measure", str(folder), str(SIDES[kind])]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout)
    rate, grown = count / found["seconds"], found["peak"] - found["before"]
    print(f"{kind:8}{count:9}{found['seconds']:10.1f}{rate:14.1f}{found['peak']:12.0f}{grown:12.0f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", nargs="?", choices=sorted(MAKERS))
    parser.add_argument("count", nargs="?", type=int)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    gc.set_threshold(100_000)  # as in every command of the project (settings.py); for all three sides
    if options.measure:
        print(json.dumps(measure(Path(options.measure[0]), int(options.measure[1]))))
        return
    if not options.kind:
        print(f"{'kind':8}{'':22}{'pictures/s':>12}{'ganops, times':>16}")
        speeds("small", 500 if options.quick else 5000, 3 if options.quick else 7)
        speeds("medium", 100 if options.quick else 1000, 3 if options.quick else 5)
        speeds("large", 8 if options.quick else 24, 3 if options.quick else 5)
    print(f"{'kind':8}{'pictures':>9}{'seconds':>10}{'pictures/s':>14}{'peak MiB':>12}{'grown MiB':>12}")
    sizes = (100, 1000) if options.quick else (1000, 10_000, 100_000)
    for kind, count in [(options.kind, options.count)] if options.kind else [("small", size) for size in sizes]:
        one_run(kind, count)


if __name__ == "__main__":
    main()
