"""Writing files so that an interrupted or failing write leaves what was there before."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

from catnet.diagnostics import fail


def write_atomically(path: str | Path, content: str | bytes) -> None:
    """Write a whole file: beside its place first, then moved there. A link is followed, permissions are kept.

    Raises `CatnetError` (E0602) where that cannot be done; nothing half-written stays behind.
    """
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    try:
        target = Path(os.path.realpath(path))
        if target.is_dir():
            _refuse(path, "it is a directory", f"name a file in it, such as {Path(path) / 'NAME'}")
        if target.exists() and not target.is_file():  # a device or a pipe cannot be replaced
            target.write_bytes(data)
            return
        _replace(target, data)
    except FileNotFoundError:
        _refuse(path, "there is no such folder", f"make it first: mkdir -p {Path(path).parent}")
    except PermissionError:
        _refuse(path, "permission denied", "choose a place where you may write")
    except ValueError:
        _refuse(path, "this is not a path", "")
    except OSError as error:
        _refuse(path, (error.strerror or str(error)).lower(), "")


def _refuse(path: str | Path, reason: str, help: str) -> None:
    fail("E0602", f"cannot write `{path}`: {reason}", help=help)


def _replace(target: Path, data: bytes) -> None:
    """Write a new file in the folder of `target` and move it there."""
    beside = target.with_name(f".catnet-{secrets.token_hex(8)}.tmp")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileNotFoundError):  # a new file has no permissions to keep
            beside.chmod(stat.S_IMODE(target.stat().st_mode))
        os.replace(beside, target)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the move itself durable, where the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
