"""Small pictures, and folders and archives of them."""

import io
import tarfile
import zipfile
from pathlib import Path

from PIL import Image

from ganops.data.decoding import decode
from ganops.data.sources.source import Source

# Real data beside the project, where there is some: tests that want it say so when they are skipped.
REAL_DATA = Path(__file__).parents[4] / "shared" / "data"
# What tarfile.open takes after "w:", by the file's suffix.
TARS = {".tar": "", ".tar.gz": "gz", ".tgz": "gz", ".tar.xz": "xz", ".tar.bz2": "bz2"}


def png(value: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (6, 6), value).save(buffer, "png")
    return buffer.getvalue()


def fill(folder: Path, *names: str) -> None:
    """Files of these names; all pixels of each are its position."""
    for value, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png(value))


def pack_zip(path: Path, *names: str) -> Path:
    """As `fill`, in a zip."""
    with zipfile.ZipFile(path, "w") as archive:
        for value, name in enumerate(names):
            archive.writestr(name, png(value))
    return path


def tar_entry(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.type, entry.linkname = size, kind, target
    return entry


def pack_tar(path: Path, *names: str) -> Path:
    """As `fill`, in a tar compressed as its suffix says."""
    compression = TARS["".join(path.suffixes)]
    with tarfile.open(path, f"w:{compression}", encoding="utf-8", errors="surrogateescape") as archive:  # type: ignore[call-overload]
        for value, name in enumerate(names):
            archive.addfile(tar_entry(name, len(png(value))), io.BytesIO(png(value)))
    return path


def described(source: Source) -> list[tuple[str, int, int]]:
    """Name, label and first pixel of every picture."""
    return [(r.name, r.label, int(decode(content_of(r.load))[0, 0, 0])) for r in source.references]


def content_of(load: object) -> bytes:
    content = load()  # type: ignore[operator]
    assert isinstance(content, bytes)
    return content
