"""Atomic writes: a file is there whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from brainconv.errors import BrainconvError, InvalidInputError, ResourceError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}
_LEAST_FREE_BYTES = 1 << 16  # where less is free, a writer that failed without a reason failed for this one


@contextlib.contextmanager
def write_atomically(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Write to a temporary file beside ``path``, which takes its place when the block ends well.

    The data are on the disk (fsync) before the name changes.  If the block raises, or the process is killed,
    ``path`` is as it was before.  Missing parent folders are made.  What a killed process left of the same file is
    removed.

    Parameters
    ----------
    path : path
        The file to write.

    Yields
    ------
    pathlib.Path
        The temporary file, empty, in the same folder and with the same suffix.

    Raises
    ------
    InvalidInputError
        If no file can be written there: a folder has that name, a file stands where a folder should, access is refused.
    ResourceError
        If the disk is full.
    """
    target = check_target(path)
    try:
        temporary = _make_temporary(target)
    except OSError as error:
        raise _explain(target, error) from error
    try:
        yield temporary
        try:
            with temporary.open("rb+") as written:
                os.fsync(written.fileno())
            os.replace(temporary, target)
        except OSError as error:
            raise _explain(target, error) from error
        _sync_folder(target.parent)
    except BrainconvError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            raise _explain(target, error) from error
        if shutil.disk_usage(target.parent).free < _LEAST_FREE_BYTES:
            raise _explain(target, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))) from error
        raise
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def check_target(path: Any, *, what: str = "file to write", folder: bool = False) -> Path:
    """Check, before anything is computed, that a file of this name could be written.

    Parameters
    ----------
    path : path
    what : str
        The word for it in the message.
    folder : bool
        Whether it is to be a folder that files are written to.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InvalidInputError
        If it is no path, names a folder or a device, or lies beneath a file.
    """
    if not isinstance(path, (str, os.PathLike)) or isinstance(os.fspath(path), bytes):
        msg = f"The {what} is {path!r}; expected a path."
        raise InvalidInputError(msg)
    target = Path(path)
    try:
        if b"\0" in os.fsencode(target):
            msg = "a NUL is no letter of a name"
            raise ValueError(msg)
        if target.is_dir() and not folder:
            msg = f"The {what} is {str(target)!r}, which is a folder; give the name of a file in it."
            raise InvalidInputError(msg)
        if target.exists() and not (target.is_dir() if folder else target.is_file()):
            found = "no folder" if folder else "no regular file"
            msg = f"The {what} is {str(target)!r}, which is {found}; give another name."
            raise InvalidInputError(msg)
        above = next((parent for parent in target.absolute().parents if os.path.lexists(parent)), None)
        if above is not None and not above.is_dir():
            msg = f"The {what} is {str(target)!r}, but {str(above)!r} is no folder; choose another place."
            raise InvalidInputError(msg)
    except InvalidInputError:
        raise
    except (OSError, ValueError) as error:  # also a name that is too long, or with half a character
        shown = str(target) if len(str(target)) <= 300 else str(target)[:300] + "…"
        msg = f"The {what} is {shown!r}, where nothing can be written ({error}); choose another place."
        raise InvalidInputError(msg) from error
    return target


def _make_temporary(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    host = hashlib.sha256(platform.node().encode()).hexdigest()[:8]
    prefix, suffix = f".{target.stem[:40]}.tmp-{host}-", target.suffix[:20]
    _remove_stale(target.parent, prefix, suffix)
    handle, name = tempfile.mkstemp(prefix=f"{prefix}{os.getpid()}-", suffix=suffix, dir=target.parent)
    # mkstemp makes files private; results get the rights that any new file would get
    umask = os.umask(0)
    os.umask(umask)
    try:
        Path(name).chmod(0o666 & ~umask)
    finally:
        os.close(handle)
    return Path(name)


def _remove_stale(folder: Path, prefix: str, suffix: str) -> None:
    """Remove temporary files of processes of this machine that are gone."""
    for name in os.listdir(folder):
        process = name[len(prefix) :].partition("-")[0]
        if name.startswith(prefix) and name.endswith(suffix) and process.isdecimal() and not _is_running(int(process)):
            with contextlib.suppress(OSError):
                (folder / name).unlink()


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it runs, and is somebody else's
        return True
    return True


def _explain(target: Path, error: OSError) -> BrainconvError:
    reason = error.strerror or str(error)
    if error.errno not in _FULL:
        return InvalidInputError(f"{target} cannot be written ({reason}); choose another place or mend this one.")
    return ResourceError(
        f"{target} cannot be written ({reason}): make room there, or choose another disk, and run it again; "
        f"nothing half-written was left."
    )


def _sync_folder(folder: Path) -> None:
    """Make the new name itself durable, where the system can (Windows cannot open folders)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
