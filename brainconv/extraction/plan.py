"""How many passes: layers in groups whose features fit the scratch space, cut by channels where one alone does not."""

from __future__ import annotations

import errno
import math
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from brainconv.errors import InvalidInputError, ResourceError

GB = 10**9
DEFAULT_SCRATCH_BYTES = 16 * GB
MEMORY_BYTES = 2**30
"""A group of layers whose features take no more than this (or a quarter of the free memory) is not put on disk."""


@dataclass(frozen=True)
class LayerSpec:
    """What one layer gives for one image.

    Parameters
    ----------
    name : str
        As it was asked for; ``path:call`` where a module runs several times.
    path : str
        Path of the module.
    call : int
        Which call of the module, from 0.
    index : int
        Place in the order of execution.
    shape : tuple of int
        Of the values kept: (channels, height, width), (tokens, width) or (units,).
    dtype : {"float32", "float64"}
    channels_last : bool
        Units are stored (height, width, channels), as they lie in memory; their order does not change a Gram.
    channel_axis : int, optional
        Which axis of the layer's output for one image is that of channels; None if that cannot be told.
    image_axis : int
        Which axis of the whole output counts the images.
    """

    name: str
    path: str
    call: int
    index: int
    shape: tuple[int, ...]
    dtype: str
    channels_last: bool
    channel_axis: int | None = None
    image_axis: int = 0

    @property
    def n_units(self) -> int:
        """Number of values per image."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Piece:
    """A layer, or some of its channels.

    Parameters
    ----------
    layer : LayerSpec
    start, stop : int
        Range along the first axis of the layer's shape.
    """

    layer: LayerSpec
    start: int
    stop: int

    @property
    def whole(self) -> bool:
        """Whether it is all of the layer."""
        return (self.start, self.stop) == (0, self.layer.shape[0])

    @property
    def n_units(self) -> int:
        """Number of values per image."""
        return (self.stop - self.start) * math.prod(self.layer.shape[1:])

    @property
    def bytes_per_stimulus(self) -> int:
        """Space that one image's values take."""
        return self.n_units * np.dtype(self.layer.dtype).itemsize


@dataclass(frozen=True)
class Pass:
    """What one pass over the stimuli collects.

    Parameters
    ----------
    pieces : tuple of Piece
        In execution order.
    n_bytes : int
        Space that the features of all stimuli take.
    in_memory : bool
        Held in memory, not on disk.
    """

    pieces: tuple[Piece, ...]
    n_bytes: int
    in_memory: bool


def plan_passes(
    layers: Sequence[LayerSpec], n_stimuli: int, *, scratch_bytes: int, memory_bytes: int, folder: str = "scratch"
) -> tuple[Pass, ...]:
    """Pack layers, in execution order, into as few passes as the space allows.

    Neighbours share a pass, so that a pass over early layers can stop early.

    Parameters
    ----------
    layers : sequence of LayerSpec
        In execution order.
    n_stimuli : int
    scratch_bytes : int
        What may be used on disk.
    memory_bytes : int
        What a pass may hold in memory instead.
    folder : str
        Where the scratch space is, for messages.

    Raises
    ------
    ResourceError
        If not even one channel of a layer fits.
    """
    room = max(scratch_bytes, memory_bytes)
    passes: list[Pass] = []
    open_pieces: list[Piece] = []
    used = 0

    def close() -> None:
        nonlocal used
        if open_pieces:
            passes.append(Pass(tuple(open_pieces), used, used <= memory_bytes))
        open_pieces.clear()
        used = 0

    for layer in layers:
        for piece in _cut(layer, n_stimuli, room, scratch_bytes, folder):
            size = piece.bytes_per_stimulus * n_stimuli
            if used + size > room:
                close()
            open_pieces.append(piece)
            used += size
    close()
    return tuple(passes)


def _cut(layer: LayerSpec, n_stimuli: int, room: int, scratch_bytes: int, folder: str) -> list[Piece]:
    """The layer whole if it fits, else in the fewest runs of channels that do, of nearly equal length."""
    n_channels = layer.shape[0]
    per_channel = Piece(layer, 0, 1).bytes_per_stimulus * n_stimuli
    fitting = min(n_channels, room // max(per_channel, 1))
    if fitting < 1:
        msg = (
            f"Layer {layer.name!r} needs at least {format_bytes(per_channel)} of scratch space for {n_stimuli} stimuli "
            f"(one of its {n_channels} channels at a time; {format_bytes(per_channel * n_channels)} for all), but "
            f"{format_bytes(scratch_bytes)} may be used in {folder}; raise scratch_bytes or give another scratch_dir."
        )
        raise ResourceError(msg)
    edges = np.linspace(0, n_channels, math.ceil(n_channels / fitting) + 1).round().astype(int).tolist()
    return [Piece(layer, start, stop) for start, stop in pairwise(edges)]


def find_scratch_folder(scratch_dir: str | os.PathLike[str] | None) -> Path:
    """The folder for scratch files: the one given, else the system's folder for temporary files.

    Parameters
    ----------
    scratch_dir : path, optional

    Raises
    ------
    InvalidInputError
        If it does not exist or cannot be written to.
    """
    folder = Path(tempfile.gettempdir() if scratch_dir is None else scratch_dir)
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        msg = f"scratch_dir {str(folder)!r} is not a folder that can be written to; give one that is."
        raise InvalidInputError(msg)
    return folder


def find_scratch_budget(folder: Path, scratch_bytes: int | None) -> tuple[int, int]:
    """What may be used of a disk, and what is free on it.

    Parameters
    ----------
    folder : Path
    scratch_bytes : int, optional
        What the user allows; 16 GB or half of what is free, whichever is less, if not given.

    Returns
    -------
    budget, free : int, bytes

    Raises
    ------
    InvalidInputError
        If ``scratch_bytes`` is negative.
    """
    free = shutil.disk_usage(folder).free
    if scratch_bytes is None:
        return min(DEFAULT_SCRATCH_BYTES, free // 2), free
    if isinstance(scratch_bytes, bool) or int(scratch_bytes) != scratch_bytes or scratch_bytes < 0:
        msg = f"scratch_bytes={scratch_bytes!r}; expected a whole number of bytes, 0 or more."
        raise InvalidInputError(msg)
    return int(scratch_bytes), free


def check_scratch(passes: Sequence[Pass], budget: int, free: int, folder: Path) -> None:
    """Refuse a plan that the disk cannot hold, before the first image.

    Parameters
    ----------
    passes : sequence of Pass
    budget, free : int, bytes
        As `find_scratch_budget` gives them.
    folder : Path

    Raises
    ------
    ResourceError
        If the largest pass needs more than is free.
    """
    need = max((one.n_bytes for one in passes if not one.in_memory), default=0)
    if need > free:
        msg = (
            f"Extraction needs {format_bytes(need)} of scratch space in {folder} (it may use {format_bytes(budget)}), "
            f"but only {format_bytes(free)} are free; make room, lower scratch_bytes (more passes) or give another "
            f"scratch_dir."
        )
        raise ResourceError(msg)


def explain_write_error(error: OSError, folder: Path) -> Exception:
    """A full disk as a sentence; any other error as it is.

    Parameters
    ----------
    error : OSError
    folder : Path
    """
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return error
    return ResourceError(
        f"The disk of {folder} became full during extraction although there was room at its start; something else "
        f"writes to it. Make room, lower scratch_bytes or give another scratch_dir."
    )


def format_bytes(n_bytes: float) -> str:
    """Such as ``"1.5 GB"``.

    Parameters
    ----------
    n_bytes : float
    """
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= size:
            return f"{n_bytes / size:.1f} {unit}"
    return f"{n_bytes:.0f} bytes"
