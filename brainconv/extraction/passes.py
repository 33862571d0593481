"""One pass over the stimuli: batches through the network into a store, then the store's features into Grams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from brainconv.errors import ResourceError
from brainconv.extraction.feed import StimulusFeed
from brainconv.extraction.gram import GramSum
from brainconv.extraction.plan import Pass, Piece
from brainconv.extraction.scratch import FeatureStore, MemoryStore
from brainconv.models.outputs import is_out_of_memory

if TYPE_CHECKING:
    import torch

    from brainconv.models import Model


@dataclass(frozen=True, eq=False)
class Job:
    """What stays the same from pass to pass.

    Parameters
    ----------
    model : Model
    feed : StimulusFeed
    units : {"raw", "zscored", "spatial_mean"}
    keep_features : bool
    progress : bool
        Show bars.
    n_least : int
        Number of images that a batch must have for the network to take it.
    channels_last : bool
        Layout of the images in memory.
    """

    model: Model
    feed: StimulusFeed
    units: str
    keep_features: bool
    progress: bool
    n_least: int = 1
    channels_last: bool = True


def collect_features(job: Job, one: Pass, store: FeatureStore, n_batch: int, label: str) -> int:
    """Show all stimuli and fill the store; where memory runs out, go on with half the batch.

    Parameters
    ----------
    job : Job
    one : Pass
    store : FeatureStore
    n_batch : int
        Number of images to begin with.
    label : str
        For the progress bar.

    Returns
    -------
    int
        Number of images that memory allowed.

    Raises
    ------
    ResourceError
        If memory runs out with a single image.
    """
    from tqdm import tqdm

    with tqdm(total=job.feed.n_stimuli, desc=label, unit="image", disable=not job.progress, dynamic_ncols=True) as bar:
        for first, images in job.feed.batches(n_batch, ahead=job.model.device != "cpu"):
            done = 0
            while done < len(images):
                part = images[done : done + n_batch]
                if _run_part(job, one, store, first + done, part):
                    done += len(part)
                    bar.update(len(part))
                else:
                    n_batch = len(part) // 2
    return n_batch


def _run_part(job: Job, one: Pass, store: FeatureStore, row: int, images: torch.Tensor) -> bool:
    """Run some images; False, and nothing stored, if memory ran out."""
    import torch

    from brainconv.extraction import capture

    module, device = job.model.module, job.model.device
    try:
        x = capture.to_input(images, module, device, channels_last=job.channels_last)
        if len(x) < job.n_least:  # shown twice; the second time is not stored
            x = x.expand(job.n_least, -1, -1, -1)
        capture.run_batch(module, x, one.pieces, partial(_put, store, row, len(images)), job.units)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        if len(images) == 1:
            msg = (
                f"Memory ran out on {device} with a single image in {job.model.name} ({error}); free memory, ask for "
                f"fewer or earlier layers, lower input_size, or load the model with device='cpu'."
            )
            raise ResourceError(msg) from error
    else:
        return True
    store.forget_from(row)  # after the handler: by now the tensors of the failed pass are free
    if torch.device(device).type == "cuda":
        torch.cuda.empty_cache()
    return False


def _put(store: FeatureStore, row: int, n_images: int, piece: Piece, values: torch.Tensor) -> None:
    """Store the values of the first images of a batch."""
    store.put(row, piece, values[:n_images])


def add_to_grams(job: Job, one: Pass, store: FeatureStore, sums: Mapping[str, GramSum], label: str) -> None:
    """Add what a pass collected to the Grams of its layers.

    Parameters
    ----------
    job : Job
    one : Pass
    store : FeatureStore
    sums : mapping of str to GramSum
        By name of layer.
    label : str
        For the progress bar.
    """
    from tqdm import tqdm

    n_units = sum(piece.n_units for piece in one.pieces)
    write_back = job.keep_features and job.units == "zscored" and isinstance(store, MemoryStore)
    with tqdm(
        total=n_units,
        desc=f"{label}, Grams",
        unit="unit",
        unit_scale=True,
        disable=not job.progress,
        dynamic_ncols=True,
    ) as bar:
        for piece in one.pieces:
            gram_sum = sums[piece.layer.name]
            for where, stored in store.read_blocks(piece):
                block = stored.to(gram_sum.device)
                gram_sum.add(block)
                if write_back and isinstance(store, MemoryStore):
                    store.arrays[piece][:, where] = block.to(store.arrays[piece].device)
                bar.update(block.shape[1])
