"""Reads a text: a UTF-8 file, or the .txt files below a folder in the order of their names; each line is a sequence.

Line ends are those of any system; an empty line is a line. A mark of byte order at the start of a file is no part of
its first line. A line that cannot be read keeps its place, with the reason.
"""

import unicodedata
from pathlib import Path

from ganops.data.sources.files import ReadBytes, list_names, read_or_raise, unusable
from ganops.data.sources.folders import files_in_folder
from ganops.data.sources.source import TextLine, TextLines, UnreadablePicture
from ganops.preparation_config import DEFAULT_LIMITS, PictureLimits

_SUFFIX = ".txt"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CONTROL = "Cc"


def text_lines(path: Path, limits: PictureLimits = DEFAULT_LIMITS) -> TextLines:
    """Read every line; DataError where there is no text.

    Args:
        path: a file, or a folder.
        limits: file_megabytes bounds each file.
    """
    if path.is_file():
        return TextLines(tuple(_read_file(path.name, path.read_bytes)))
    if not path.is_dir():
        raise _no_text(path, "no such file or folder")
    listing = files_in_folder(path, limits)
    texts = {name: read for name, read in listing.files.items() if name.lower().endswith(_SUFFIX)}
    others = sorted(listing.files.keys() - texts.keys())
    if not texts:
        raise _no_text(path, f"files of other kinds ({list_names(others)})" if others else "none")
    lines = tuple(line for name in sorted(texts) for line in _read_file(name, texts[name]))
    return TextLines(lines, ignored=(*listing.ignored, *others))


def _read_file(name: str, read: ReadBytes | str) -> list[TextLine]:
    """Return the lines of a file; a file that cannot be read is one line with the reason."""
    if isinstance(read, str):
        return [TextLine(name, "", read)]
    try:
        content = read_or_raise(read).removeprefix(_BYTE_ORDER_MARK)
    except UnreadablePicture as error:
        return [TextLine(name, "", str(error))]
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")
    return [_read_line(f"{name}:{number}", line) for number, line in enumerate(lines, start=1)]


def _read_line(name: str, content: bytes) -> TextLine:
    try:
        line = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return TextLine(name, "", f"not UTF-8: byte {content[error.start]:#04x} at {error.start + 1}")
    control = next((letter for letter in line if unicodedata.category(letter) == _CONTROL and letter != "\t"), None)
    if control is not None:
        return TextLine(name, "", f"the control character U+{ord(control):04X}: not a text, or not UTF-8")
    return TextLine(name, line)


def _no_text(path: Path, received: str) -> Exception:
    return unusable(
        path,
        "a UTF-8 text, or a folder with .txt files",
        received,
        "Put a .txt file there, one sequence a line.",
    )
