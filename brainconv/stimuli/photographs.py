"""Crops of the photographs that are installed with scikit-learn and scikit-image: stimuli that need no download."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import as_file, files
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainconv.containers import StimulusSet
from brainconv.errors import DataUnavailableError, InvalidInputError
from brainconv.validation import check_choice, check_count, check_seed

N_CROPS = 420
"""Number of stimulus crops when none is asked for."""
CROP_SIZE = 64
"""Side of a crop, px, when none is asked for."""
CROP_DEGREES = 8.0
"""Width, in degrees of visual angle, at which the crops are taken to be shown."""
LOWEST_CONTRAST = 4.0
"""Standard deviation of the luminance (0..255) below which a crop is blank: the rim of a retina, a bare sky."""


class _Source(NamedTuple):
    package: str
    path: str
    category: str
    shrink: int = 1


# Files inside the wheels of scikit-learn >= 1.4 and scikit-image >= 0.22.  What scikit-image fetches over the network
# is left out, and so is the right-hand twin of the stereo pair, which shows the same scene.
_SOURCES = {
    "astronaut": _Source("skimage", "data/astronaut.png", "person"),
    "brick": _Source("skimage", "data/brick.png", "texture"),
    "camera": _Source("skimage", "data/camera.png", "person"),
    "chelsea": _Source("skimage", "data/chelsea.png", "animal"),
    "china": _Source("sklearn", "datasets/images/china.jpg", "building"),
    "coffee": _Source("skimage", "data/coffee.png", "object"),
    "coins": _Source("skimage", "data/coins.png", "object"),
    "flower": _Source("sklearn", "datasets/images/flower.jpg", "plant"),
    "grass": _Source("skimage", "data/grass.png", "texture"),
    "gravel": _Source("skimage", "data/gravel.png", "texture"),
    "hubble": _Source("skimage", "data/hubble_deep_field.jpg", "sky"),
    "ihc": _Source("skimage", "data/ihc.png", "tissue"),
    "moon": _Source("skimage", "data/moon.png", "sky"),
    "motorcycle": _Source("skimage", "data/motorcycle_left.png", "vehicle"),
    "retina": _Source("skimage", "data/retina.jpg", "tissue", shrink=2),
    "rocket": _Source("skimage", "data/rocket.jpg", "vehicle"),
}


class Region(NamedTuple):
    """A rectangle of a photograph, px: rows ``top`` to ``bottom``, columns ``left`` to ``right``, ends excluded."""

    top: int
    left: int
    bottom: int
    right: int


def load_photographs() -> StimulusSet:
    """Load the sixteen photographs that lie inside the installed scikit-learn and scikit-image.

    Returns
    -------
    StimulusSet
        RGB photographs of different sizes, ids in alphabetical order; ``table["category"]`` says what they show.

    Raises
    ------
    DataUnavailableError
        If an installed package lacks one of the files.
    """
    images = [_read(name) for name in sorted(_SOURCES)]
    table = pd.DataFrame({"category": [_SOURCES[n].category for n in sorted(_SOURCES)]}, index=sorted(_SOURCES))
    return StimulusSet("photographs", tuple(sorted(_SOURCES)), images, table=table)


def split_photograph(height: int, width: int, *, use: str) -> tuple[Region, Region]:
    """Share a photograph between training and stimuli: two opposite quadrants each.

    Quadrants rather than halves, so that both get some of the sky and some of the ground.

    Parameters
    ----------
    height, width : int
        Of the photograph, px.
    use : {"training", "stimuli"}
        Top left and bottom right are for training, top right and bottom left for stimuli.

    Returns
    -------
    tuple of Region
        Upper quadrant first.  The four quadrants of both uses tile the photograph and do not overlap.

    Raises
    ------
    NotFoundError
        If ``use`` is neither.
    """
    check_choice(use, ("training", "stimuli"), what="use of a photograph")
    middle, centre = height // 2, width // 2
    if use == "training":
        return Region(0, 0, middle, centre), Region(middle, centre, height, width)
    return Region(0, centre, middle, width), Region(middle, 0, height, centre)


def load_crops(
    n: int = N_CROPS, size: int = CROP_SIZE, *, degrees: float | None = CROP_DEGREES, random_state: int = 0
) -> StimulusSet:
    """Cut stimuli that overlap neither each other nor any training crop.

    Tiles of a fixed grid over the quadrants kept for stimuli; blank ones (`LOWEST_CONTRAST`) are left out.  As equal
    a number as there is room for is drawn from each photograph.

    Parameters
    ----------
    n : int
        Number of stimuli.
    size : int
        Side of a crop, px of the photograph.
    degrees : float, optional
        Width of a crop in degrees of visual angle; the photographs themselves state none.
    random_state : int
        Which tiles are drawn, where there are more than are wanted.

    Returns
    -------
    StimulusSet
        Images ``(n, size, size, 3)``; the table holds ``group`` (the photograph), ``category``, and ``top`` and
        ``left``, px of the photograph.

    Raises
    ------
    InvalidInputError
        If there are fewer than ``n`` tiles of that size.
    """
    check_count(n, what="n", at_most=None)
    check_count(size, what="size, in px,", at_most=None)
    check_seed(random_state)
    photographs = load_photographs()
    rng = np.random.default_rng(random_state)
    tiles = {
        name: [
            place
            for region in split_photograph(*image.shape[:2], use="stimuli")
            for place in _tile(region, size)
            if _contrast(_cut(image, place, size)) >= LOWEST_CONTRAST
        ]
        for name, image in zip(photographs.ids, photographs.images, strict=True)
    }
    available = sum(map(len, tiles.values()))
    if not 0 < n <= available:
        msg = (
            f"{n} stimulus crops of {size} px were asked for; the photographs hold {available} that do not overlap. "
            f"Ask for 1 to {available}, or for smaller crops."
        )
        raise InvalidInputError(msg)
    shares = _share(n, {name: len(places) for name, places in tiles.items()})
    chosen = {
        name: [tiles[name][i] for i in sorted(rng.permutation(len(tiles[name]))[: shares[name]])] for name in tiles
    }
    return _assemble(f"photograph_crops{size}", photographs, chosen, size, degrees)


def load_training_crops(n: int = 4096, size: int = CROP_SIZE, *, random_state: int = 0) -> StimulusSet:
    """Cut crops at random places of the quadrants kept for training; they may overlap each other, never a stimulus.

    Parameters
    ----------
    n : int
        Number of crops; as equal a number as possible from each photograph.
    size : int
        Side of a crop, px of the photograph.
    random_state : int
        Where they are cut.

    Returns
    -------
    StimulusSet
        Images ``(n, size, size, 3)`` and the same table as that of `load_crops`.

    Raises
    ------
    InvalidInputError
        If ``n`` is below 1 or the crops do not fit into the smallest quadrant.
    """
    check_count(n, what="n", at_most=1_000_000)
    check_count(size, what="size, in px,", at_most=None)
    check_seed(random_state)
    photographs = load_photographs()
    smallest = min(min(image.shape[:2]) // 2 for image in photographs.images)
    if n < 1 or not 0 < size <= smallest:
        msg = f"{n} training crops of {size} px were asked for; expected at least 1 of 1 to {smallest} px."
        raise InvalidInputError(msg)
    rng = np.random.default_rng(random_state)
    shares = _share(n, dict.fromkeys(photographs.ids, n))
    chosen: dict[str, list[tuple[int, int]]] = {}
    for name, image in zip(photographs.ids, photographs.images, strict=True):
        regions = split_photograph(*image.shape[:2], use="training")
        places: list[tuple[int, int]] = []
        while len(places) < shares[name]:
            region = regions[int(rng.integers(len(regions)))]
            place = (
                int(rng.integers(region.top, region.bottom - size + 1)),
                int(rng.integers(region.left, region.right - size + 1)),
            )
            if _contrast(_cut(image, place, size)) >= LOWEST_CONTRAST:
                places.append(place)
        chosen[name] = places
    return _assemble(f"photograph_training_crops{size}", photographs, chosen, size, CROP_DEGREES)


def _read(name: str) -> NDArray[np.uint8]:
    from PIL import Image

    source = _SOURCES[name]
    resource = files(source.package).joinpath(source.path)
    if not resource.is_file():
        msg = (
            f"The photograph {name!r} is missing: {source.path} does not lie inside the installed {source.package}. "
            f"Reinstall it from its wheel (scikit-learn >= 1.4, scikit-image >= 0.22)."
        )
        raise DataUnavailableError(msg)
    with as_file(resource) as path, Image.open(path) as image:
        rgb = image.convert("RGB")
        pixels: NDArray[np.uint8] = np.asarray(rgb if source.shrink == 1 else rgb.reduce(source.shrink))
    return pixels


def _tile(region: Region, size: int) -> Iterator[tuple[int, int]]:
    """Corners of the tiles of a grid, centred in the region."""
    n_rows, n_columns = (region.bottom - region.top) // size, (region.right - region.left) // size
    top = region.top + (region.bottom - region.top - n_rows * size) // 2
    left = region.left + (region.right - region.left - n_columns * size) // 2
    for row in range(n_rows):
        for column in range(n_columns):
            yield top + row * size, left + column * size


def _cut(image: NDArray[np.uint8], place: tuple[int, int], size: int) -> NDArray[np.uint8]:
    top, left = place
    return image[top : top + size, left : left + size]


def _contrast(crop: NDArray[np.uint8]) -> float:
    return float(crop.mean(axis=2).std())


def _share(n: int, room: dict[str, int]) -> dict[str, int]:
    """Deal ``n``, at most the room there is, out one by one in turn, passing over whoever has none left."""
    shares = dict.fromkeys(room, 0)
    while n > 0:
        for name, most in room.items():
            if n > 0 and shares[name] < most:
                shares[name] += 1
                n -= 1
    return shares


def _assemble(
    name: str,
    photographs: StimulusSet,
    chosen: dict[str, list[tuple[int, int]]],
    size: int,
    degrees: float | None,
) -> StimulusSet:
    images, rows = [], []
    for photograph, image in zip(photographs.ids, photographs.images, strict=True):
        category = str(photographs.table.loc[photograph, "category"])
        for i, place in enumerate(chosen[photograph]):
            images.append(_cut(image, place, size))
            rows.append((f"{photograph}.{i:04d}", photograph, category, *place))
    table = pd.DataFrame(rows, columns=["stimulus", "group", "category", "top", "left"]).set_index("stimulus")
    return StimulusSet(name, tuple(map(str, table.index)), np.stack(images), degrees, table)
