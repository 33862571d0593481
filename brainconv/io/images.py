"""Images of a stimulus set inside a netCDF file, read one by one when they are asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5netcdf
import numpy as np
from numpy.typing import NDArray

from brainconv.containers import StimulusSet
from brainconv.containers.stimuli import Image
from brainconv.errors import InvalidInputError
from brainconv.io.groups import (
    checksum,
    read_array,
    read_attributes,
    read_frame,
    read_strings,
    write_array,
    write_attributes,
    write_frame,
    write_strings,
)
from brainconv.io.hdf5 import shorten

BLOCK_BYTES = 2 << 20


class StoredImages(Sequence[Image]):
    """Images that stay in their netCDF file until they are asked for.

    They are read a block (2 MiB) at a time, and the last block is kept, so that going through them in order is fast.

    Parameters
    ----------
    path : path
        The file.
    group : str
        The group that holds them.
    """

    def __init__(self, path: str | os.PathLike[str], group: str) -> None:
        self._path = Path(path).absolute()
        self._group = group
        self._file: Any = None
        self._process = -1
        self._block: tuple[int, Any] = (-1, None)
        stored = self._open()
        self._per_block = int(stored.variables["images"].chunks[0])
        self._sizes = np.stack([read_array(stored, "height"), read_array(stored, "width")], axis=1).astype(int)
        self._checksums: list[str] = read_strings(stored, "image_crc32")

    def _open(self) -> Any:
        # an HDF5 handle must not be shared with a forked process
        if self._file is None or self._process != os.getpid():
            try:
                self._file = h5netcdf.File(self._path, "r")
            except Exception as error:
                msg = f"{self._path}, which holds the images, is gone or damaged ({shorten(error)}); make it again."
                raise InvalidInputError(msg) from error
            self._process = os.getpid()
        return self._file[self._group]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_file": None, "_block": (-1, None)}

    def __len__(self) -> int:
        return len(self._sizes)

    def __getitem__(self, index: int) -> Image:  # type: ignore[override]
        height, width = self._sizes[index]
        position = range(len(self))[index]
        number, place = divmod(position, self._per_block)
        if self._block[0] != number:
            self._block = (number, self._read_block(number * self._per_block))
        image: Image = self._block[1][place, :height, :width].copy()
        if checksum(image) != self._checksums[position]:
            msg = f"Image {position} in {self._path} is not what was written: the file is damaged; make it again."
            raise InvalidInputError(msg)
        return image

    def _read_block(self, start: int) -> NDArray[np.uint8]:
        try:
            block: NDArray[np.uint8] = self._open().variables["images"][start : start + self._per_block]
        except InvalidInputError:
            raise
        except Exception as error:  # a damaged file makes HDF5 fail in many ways
            msg = f"The images in {self._path} cannot be read ({shorten(error)}): it is damaged; make it again."
            raise InvalidInputError(msg) from error
        return block


def write_stimuli(group: Any, stimuli: StimulusSet) -> None:
    """Write ids, pixels (padded to the largest image), width in degrees and table.

    Parameters
    ----------
    group : h5netcdf Group
        Empty, and the set's own.
    stimuli : StimulusSet
    """
    write_attributes(group, {"name": stimuli.name, "degrees": stimuli.degrees})
    write_strings(group, "stimulus_id", stimuli.ids, "stimulus")
    write_frame(group.create_group("table"), stimuli.table)
    sizes = np.array([stimuli.images[i].shape[:2] for i in range(len(stimuli))], dtype=np.int32).reshape(-1, 2)
    write_array(group, "height", sizes[:, 0], ("stimulus",))
    write_array(group, "width", sizes[:, 1], ("stimulus",))
    height, width = (int(n) for n in sizes.max(axis=0, initial=1))
    group.dimensions.update({"height_px": height, "width_px": width, "rgb": 3})
    per_block = max(1, min(len(sizes), BLOCK_BYTES // (height * width * 3)))
    variable = group.create_variable(
        "images",
        ("stimulus", "height_px", "width_px", "rgb"),
        dtype=np.uint8,
        chunks=(per_block, height, width, 3),
        compression="gzip",
        compression_opts=1,
    )
    checksums = []
    for start in range(0, len(sizes), per_block):
        block = np.zeros((min(per_block, len(sizes) - start), height, width, 3), dtype=np.uint8)
        for i, (rows, columns) in enumerate(sizes[start : start + per_block]):
            block[i, :rows, :columns] = stimuli.images[start + i]
            checksums.append(checksum(block[i, :rows, :columns]))
        variable[start : start + len(block)] = block
    write_strings(group, "image_crc32", checksums, "stimulus")


def read_stimuli(group: Any, path: Path) -> StimulusSet:
    """Undo `write_stimuli`; the images stay in the file.

    Parameters
    ----------
    group : h5netcdf Group
    path : path
        The file that the group lies in.
    """
    fields = read_attributes(group)
    return StimulusSet(
        name=fields["name"],
        ids=tuple(read_strings(group, "stimulus_id")),
        images=StoredImages(path, group.name),
        degrees=fields["degrees"],
        table=read_frame(group.groups["table"]),
    )
