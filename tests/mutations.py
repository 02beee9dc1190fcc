"""Readers of files, and damaged copies of what they read.

A reader accepts a damaged file or refuses it with a project error; any other outcome is a failure.

`python tests/try_mutations.py NAME FIRST COUNT MEGABYTES` tries mutations one after the other, with MEGABYTES of
memory beyond what the process uses at first. It prints READY, then one line per mutation: number, outcome, seconds,
megabytes. A proof runs it as a process of its own, because a mutation may end the process.
"""

import gzip
import io
import json
import resource
import tarfile
import time
import warnings
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import yaml
from PIL import Image

from ganops.errors import GanopsError

from .model_readers import MODEL_READERS

ACCEPTED, REFUSED, READY = "accepted", "refused", "ready"
_BASE = Path(__file__).parents[1] / "conf/base/parameters_data_preparation.yml"
_INTERESTING = (0, 1, -1, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, -(2**31), 2**32 - 1)
_SAMPLES = 12
_MEGABYTE = 1 << 20


def _same(content: bytes) -> bytes:
    return content


@dataclass(frozen=True)
class Reader:
    """One reader of the program.

    Args:
        write: lays a valid input into a folder and returns the name of the file that is to be damaged, and its content.
        read: reads the folder wholly, as the program does; the input is valid.
        pack: what becomes of the damaged content before it is written, such as compression.
    """

    write: Callable[[Path], tuple[str, bytes]]
    read: Callable[[Path], object]
    pack: Callable[[bytes], bytes] = _same


class Trial:
    """A reader, and its input with one file damaged repeatedly."""

    def __init__(self, name: str, reader: Reader, folder: Path) -> None:
        self._name, self._reader, self._folder = name, reader, folder
        self._file, self._content = reader.write(folder)
        self.put(self._content)

    def put(self, content: bytes) -> None:
        """Write the damaged file."""
        (self._folder / self._file).write_bytes(self._reader.pack(content))

    def read(self) -> object:
        """Read the folder in its present state."""
        return self._reader.read(self._folder)

    def run(self, number: int) -> str:
        """Read the folder; return ACCEPTED or REFUSED, and raise any other error of the reader."""
        self.put(mutate(self._content, np.random.default_rng((zlib.crc32(self._name.encode()), number))))
        try:
            self.read()
        except GanopsError:
            return REFUSED
        return ACCEPTED


def mutate(content: bytes, random: np.random.Generator) -> bytes:
    """Return the content with one to three damages."""
    damaged = bytearray(content)
    for _ in range(random.integers(1, 4)):
        _DAMAGES[random.integers(len(_DAMAGES))](damaged, random)
    return bytes(damaged)


def _at(content: bytearray, random: np.random.Generator) -> int:
    """Draw a position: anywhere, in the first 128 bytes or in the last 256, where formats keep their headers."""
    end = len(content)
    first, last = ((0, end), (0, min(end, 128)), (max(0, end - 256), end))[random.integers(3)]
    return int(random.integers(first, max(last, first + 1)))


def _flip(content: bytearray, random: np.random.Generator) -> None:
    for _ in range(random.integers(1, 9)):
        at = _at(content, random)
        if at < len(content):
            content[at] ^= 1 << random.integers(8)


def _overwrite(content: bytearray, random: np.random.Generator) -> None:
    at, count = _at(content, random), int(random.integers(1, 33))
    content[at : at + count] = random.bytes(min(count, max(0, len(content) - at)))


def _zero(content: bytearray, random: np.random.Generator) -> None:
    at, count = _at(content, random), int(random.integers(1, 65))
    content[at : at + count] = bytes(min(count, max(0, len(content) - at)))


def _number(content: bytearray, random: np.random.Generator) -> None:
    at, size = _at(content, random), int(random.choice((1, 2, 4, 8)))
    value = int(random.choice(_INTERESTING)) % (1 << 8 * size)
    if at + size <= len(content):
        content[at : at + size] = value.to_bytes(size, "little" if random.integers(2) else "big")


def _digits(content: bytearray, random: np.random.Generator) -> None:
    """Replace a digit by another one, as in text headers."""
    places = [at for at, byte in enumerate(content) if byte in b"0123456789"]
    if places:
        content[places[random.integers(len(places))]] = int(random.choice(list(b"0123456789-.eE,")))


def _truncate(content: bytearray, random: np.random.Generator) -> None:
    del content[_at(content, random) :]


def _insert(content: bytearray, random: np.random.Generator) -> None:
    at = _at(content, random)
    content[at:at] = random.bytes(int(random.integers(1, 65)))


def _remove(content: bytearray, random: np.random.Generator) -> None:
    at = _at(content, random)
    del content[at : at + int(random.integers(1, 65))]


def _repeat(content: bytearray, random: np.random.Generator) -> None:
    start, to = _at(content, random), _at(content, random)
    content[to:to] = content[start : start + int(random.integers(1, 257))]


_DAMAGES = (_flip, _overwrite, _zero, _number, _digits, _truncate, _insert, _remove, _repeat)


def _picture(number: int, side: int = 12) -> Image.Image:
    pixels = np.random.default_rng(number).integers(0, 256, (side // 3, side // 3, 3), np.uint8)
    return Image.fromarray(pixels.repeat(3, 0).repeat(3, 1))


def _encoded(number: int, form: str = "png", **options: object) -> bytes:
    buffer = io.BytesIO()
    _picture(number).save(buffer, form, **options)
    return buffer.getvalue()


def _pixels() -> np.ndarray:
    return np.stack([np.asarray(_picture(number)) for number in range(_SAMPLES)])


def _labels() -> np.ndarray:
    return np.arange(_SAMPLES) % 2


def _prepare(folder: Path, source: str, tolerated_bad_share: float = 0.25) -> object:
    """Prepare the files as the node of the data preparation does."""
    from ganops.data.preparation import prepare
    from ganops.data.sources.build import build_source
    from ganops.preparation_config import DataPreparationParameters

    base = yaml.safe_load(_BASE.read_text(encoding="utf-8"))["data_preparation"]
    values = {**base, "source": source, "tolerated_bad_share": tolerated_bad_share}
    parameters = DataPreparationParameters.parse(values)
    options = {"classes": parameters.classes, "limits": parameters.limits}
    return prepare(build_source(parameters.source, folder, None, **options), parameters, workers=1)  # type: ignore[arg-type]


def _npy(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def _write_npy(name: str, folder: Path) -> tuple[str, bytes]:
    contents = {"x.npy": _npy(_pixels()), "y.npy": _npy(_labels())}
    for other, content in contents.items():
        (folder / other).write_bytes(content)
    return name, contents[name]


def _write_npz(folder: Path, save: Callable[..., None] = np.savez) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    save(buffer, x=_pixels(), y=_labels())
    return "m.npz", buffer.getvalue()


def _zip_of_npy(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", content)
    return buffer.getvalue()


def _idx(values: np.ndarray) -> bytes:
    return bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes() + values.astype(np.uint8).tobytes()


def _write_idx(name: str, folder: Path) -> tuple[str, bytes]:
    pictures, labels = "images-idx3-ubyte", "labels-idx1-ubyte"
    contents = {pictures: _idx(_pixels()[..., 0]), labels: _idx(_labels())}
    packed = {f"{other}.gz": gzip.compress(content, mtime=0) for other, content in contents.items()}
    for other, content in contents.items():
        if other != name.removesuffix(".gz"):
            (folder / other).write_bytes(content)
    return name, (contents | packed)[name]


def _write_gz_of_idx(folder: Path) -> tuple[str, bytes]:
    _write_idx("images-idx3-ubyte.gz", folder)
    return "images-idx3-ubyte.gz", _idx(_pixels()[..., 0])


def _write_table(kind: str, folder: Path) -> tuple[str, bytes]:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    pictures = [{"bytes": _encoded(number), "path": f"{number}.png"} for number in range(_SAMPLES)]
    features = {"info": {"features": {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}}
    columns = {"image": pictures, "label": _labels(), "text": ["a word"] * _SAMPLES}
    table = pa.table(columns).replace_schema_metadata({"huggingface": json.dumps(features)})
    buffer = io.BytesIO()
    if kind == "parquet":
        parquet.write_table(table, buffer, row_group_size=5)
        return "a.parquet", buffer.getvalue()
    with (pa.ipc.new_file if kind == "file" else pa.ipc.new_stream)(buffer, table.schema) as writer:
        writer.write_table(table, max_chunksize=5)
    return "a.arrow", buffer.getvalue()


def _files() -> dict[str, bytes]:
    return {f"{('cat', 'dog')[number % 2]}/{number}.png": _encoded(number) for number in range(_SAMPLES)}


def _write_zip(folder: Path) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files().items():
            archive.writestr(name, content)
    return "a.zip", buffer.getvalue()


def _write_tar(mode: str, folder: Path) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    form = tarfile.GNU_FORMAT if mode == "w:" else tarfile.PAX_FORMAT
    with tarfile.open(fileobj=buffer, mode=mode, format=form) as archive:  # type: ignore[call-overload]
        for name, content in _files().items():
            entry = tarfile.TarInfo(f"{'long' * 30}/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return f"a.tar{'.' + mode[2:] if mode != 'w:' else ''}", buffer.getvalue()


def _write_labels(folder: Path) -> tuple[str, bytes]:
    files = {f"0000{number % 2}/{number}.png": _encoded(number) for number in range(_SAMPLES)}
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    labels = [[name, number % 2] for number, name in enumerate(files)]
    return "dataset.json", json.dumps({"labels": labels}).encode()


def _write_picture(form: str, options: dict[str, object], folder: Path) -> tuple[str, bytes]:
    for name, content in _files().items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "cat/0.png").unlink()
    return "cat/0.img", _encoded(0, form, **options)


_PICTURES: dict[str, tuple[str, dict[str, object]]] = {
    "png": ("png", {}),
    "jpeg": ("jpeg", {}),
    "progressive jpeg": ("jpeg", {"progressive": True}),
    "gif": ("gif", {}),
    "bmp": ("bmp", {}),
    "tiff": ("tiff", {}),
    "tiff lzw": ("tiff", {"compression": "tiff_lzw"}),
    "webp": ("webp", {}),
    "webp lossless": ("webp", {"lossless": True}),
    "ppm": ("ppm", {}),
    "jpeg 2000": ("jpeg2000", {}),
}
READERS: dict[str, Reader] = {
    "npy": Reader(partial(_write_npy, "x.npy"), partial(_prepare, source="arrays")),
    "npy of labels": Reader(partial(_write_npy, "y.npy"), partial(_prepare, source="arrays")),
    "npz": Reader(_write_npz, partial(_prepare, source="arrays")),
    "npz compressed": Reader(partial(_write_npz, save=np.savez_compressed), partial(_prepare, source="arrays")),
    "npy in npz": Reader(lambda _: ("m.npz", _npy(_pixels())), partial(_prepare, source="arrays"), _zip_of_npy),
    "idx": Reader(partial(_write_idx, "images-idx3-ubyte"), partial(_prepare, source="idx")),
    "idx of labels": Reader(partial(_write_idx, "labels-idx1-ubyte"), partial(_prepare, source="idx")),
    "idx.gz": Reader(partial(_write_idx, "images-idx3-ubyte.gz"), partial(_prepare, source="idx")),
    "idx in gz": Reader(_write_gz_of_idx, partial(_prepare, source="idx"), gzip.compress),
    "parquet": Reader(partial(_write_table, "parquet"), partial(_prepare, source="table")),
    "arrow file": Reader(partial(_write_table, "file"), partial(_prepare, source="table")),
    "arrow stream": Reader(partial(_write_table, "stream"), partial(_prepare, source="table")),
    "zip": Reader(_write_zip, partial(_prepare, source="image_folder")),
    "tar": Reader(partial(_write_tar, "w:"), partial(_prepare, source="image_folder")),
    "tar.gz": Reader(partial(_write_tar, "w:gz"), partial(_prepare, source="image_folder")),
    "tar.xz": Reader(partial(_write_tar, "w:xz"), partial(_prepare, source="image_folder")),
    "dataset.json": Reader(_write_labels, partial(_prepare, source="image_folder")),
    **{
        name: Reader(
            partial(_write_picture, form, options), partial(_prepare, source="image_folder", tolerated_bad_share=0.0)
        )
        for name, (form, options) in _PICTURES.items()
    },
    **{name: Reader(write, read) for name, (write, read) in MODEL_READERS.items()},
}


def _memory(key: str) -> int:
    """Return bytes of this process: VmHWM is the peak since the last reset, VmRSS the present, VmSize the addresses."""
    line = next(
        line for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines() if line.startswith(key)
    )
    return int(line.split()[1]) * 1024


def _try(trial: Trial, number: int) -> str:
    """Print one line: number, outcome, seconds, megabytes."""
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    before, start = _memory("VmRSS"), time.perf_counter()
    try:
        outcome = trial.run(number)
    except Exception as error:
        outcome = f"{type(error).__name__}: {error}"
    seconds, megabytes = time.perf_counter() - start, (_memory("VmHWM") - before) / _MEGABYTE
    return json.dumps([number, outcome, seconds, megabytes])


def main(name: str, first: int, count: int, limit_megabytes: int) -> None:
    """Try the mutations first … first + count − 1 of a reader."""
    warnings.simplefilter("ignore")
    with TemporaryDirectory() as folder:
        trial = Trial(name, READERS[name], Path(folder))
        trial.read()
        limit = _memory("VmSize") + limit_megabytes * _MEGABYTE
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        print(READY, flush=True)
        for number in range(first, first + count):
            print(_try(trial, number), flush=True)
