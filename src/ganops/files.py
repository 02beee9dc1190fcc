"""Atomic writes of files and folders, and the errors of the disk."""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from safetensors import SafetensorError

from ganops.errors import StorageError

_DISK_REFUSES = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENOTEMPTY,
}


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn errors of a disk that is full or may not be written into a StorageError that names `path`."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        # An error of safetensors has no errno.
        if isinstance(error, OSError) and error.errno not in _DISK_REFUSES:
            raise
        raise _not_written(path, error) from None


def storage_error(error: OSError) -> StorageError | None:
    """Return the StorageError that names the file of an error of disk or permission; None for any other error."""
    return _not_written(error.filename, error) if error.errno in _DISK_REFUSES else None


def _not_written(path: Path | str, error: Exception) -> StorageError:
    return StorageError(
        str(path),
        expected="a file or folder that may be read and written, with room on its disk",
        received=str(error),
        remedy="Free disk space or grant the permission, then start again: complete files are unchanged.",
    )


@contextmanager
def read_errors(path: Path) -> Iterator[None]:
    """Turn errors of reading a missing, protected or damaged file or folder into a StorageError that names `path`."""
    try:
        yield
    except (OSError, ValueError, SafetensorError) as error:
        raise StorageError(
            str(path),
            expected="a file or folder that is whole and may be read",
            received=f"{type(error).__name__}: {error}",
            remedy="Grant the right to read it and to enter its folders, restore it with `dvc checkout`, or run the "
            "pipeline that writes it.",
        ) from None


def require_writable(path: Path) -> None:
    """Raise StorageError where `path`, or a missing folder above it, cannot be created or replaced."""
    with disk_errors(path):
        above = next(folder for folder in path.parents if folder.exists())
        for folder in (above, path) if path.is_dir() else (above,):
            _require_right_to_write(folder)


def _require_right_to_write(folder: Path) -> None:
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary name in the same folder; on success flush the file to the disk and rename it to `path`."""
    fresh = path.with_name(f".{path.name}.new")
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield fresh
            sync(fresh)
            fresh.replace(path)
            sync(path.parent)
        finally:
            fresh.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield an empty sibling folder to fill; on success flush it to the disk and rename it to `path`.

    A folder cannot replace a filled one in one step: killed between the two renames, the process leaves none, and never
    half a one.
    If `path` is a symbolic link, its target is replaced, on the target's disk.
    """
    with disk_errors(path):
        path = path.resolve() if path.is_symlink() else path
        fresh, old = path.with_name(f".{path.name}.new"), path.with_name(f".{path.name}.old")
        if path.is_dir():  # a folder without the right to write could be renamed, but not emptied
            _require_right_to_write(path)
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        try:
            yield fresh
            for file in (*fresh.iterdir(), fresh):
                sync(file)
            shutil.rmtree(old, ignore_errors=True)
            if path.exists():
                path.rename(old)
            fresh.rename(path)
            sync(path.parent)
        finally:
            if old.exists() and not path.exists():
                old.rename(path)
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)


def read_regular(path: Path, most_bytes: int | None = None) -> bytes:
    """Read a regular file whole.

    Raises:
        OSError: it cannot be read, is no regular file, or holds more than `most_bytes`.
    """
    size = require_regular(path)
    if most_bytes is not None and size > most_bytes:
        raise OSError(f"{path} has {size:,} bytes, and at most {most_bytes:,} are read")
    return path.read_bytes()


def require_regular(path: Path) -> int:
    """Return the bytes of a regular file; OSError where it is missing or is a pipe or a device, which may never end."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(f"{path} is no regular file")
    return status.st_size


def preallocate(file: IO[bytes], size: int) -> None:
    """Reserve bytes of the disk for a file, where the system can; OSError if there is no room.

    Writing to a memory map of a file with holes ends the process by a signal once the disk is full.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)


def sync(path: Path) -> None:
    """Flush a file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
