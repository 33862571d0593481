"""Stimuli as a network takes them, batch by batch: placed in degrees, prepared, ready when they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from brainconv.errors import ResourceError
from brainconv.models.outputs import is_out_of_memory
from brainconv.stimuli.identity import StimulusHash
from brainconv.stimuli.placement import place_image

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from brainconv.containers import StimulusSet
    from brainconv.models import Model


class StimulusFeed:
    """Prepared batches of a stimulus set.

    Parameters
    ----------
    stimuli : StimulusSet
        If it has a width in degrees, its images are placed in the model's field; else they fill the input.
    model : Model
    input_size : int, px, optional
        Instead of the model's own.
    """

    def __init__(self, stimuli: StimulusSet, model: Model, *, input_size: int | None = None) -> None:
        self._stimuli = stimuli
        self._model = model
        self._input_size = input_size
        self.sha256: str | None = None
        self._digest = StimulusHash(stimuli.degrees)
        self._n_hashed = 0

    def prepare(self, start: int, stop: int) -> torch.Tensor:
        """Some stimuli, ready for the network; placed one by one, as a canvas may be large.

        Parameters
        ----------
        start, stop : int
            Range of rows.

        Returns
        -------
        torch.Tensor, float32, shape (stop - start, 3, input_size, input_size)
            One channel instead of 3 where the network takes luminance.
        """
        from brainconv.models import prepare_images

        images = (self._read(row) for row in range(start, stop))
        return prepare_images(images, self._model.preprocessing, input_size=self._input_size)

    def _read(self, row: int) -> NDArray[np.uint8]:
        """One stimulus, placed; the first time that all are read in their order, the set's hash is formed too."""
        image: NDArray[np.uint8] = self._stimuli.images[row]
        if row == self._n_hashed:
            self._digest.add(self._stimuli.ids[row], image)
            self._n_hashed += 1
            if self._n_hashed == self.n_stimuli:
                self.sha256 = self._digest.hexdigest()
        degrees = self._stimuli.degrees
        return image if degrees is None else place_image(image, degrees, self._model.degrees)

    @property
    def n_stimuli(self) -> int:
        """Number of stimuli."""
        return len(self._stimuli)

    def prepare_pair(self) -> torch.Tensor:
        """The last and the first stimulus by id: enough to see what layers give, and which axis counts the images."""
        import torch

        order = sorted(range(self.n_stimuli), key=self._stimuli.ids.__getitem__)
        return torch.cat([self.prepare(row, row + 1) for row in (order[-1], order[0])])

    def batches(self, size: int, *, ahead: bool) -> Iterator[tuple[int, torch.Tensor]]:
        """First row and images of one batch after the other; half as many at a time where memory runs out.

        Parameters
        ----------
        size : int
            Number of images in a batch; the last one may be smaller.
        ahead : bool
            Prepare the next batch in a thread while the caller works on this one.

        Raises
        ------
        ResourceError
            If memory runs out while a single image is prepared.
        """
        start, n = 0, self.n_stimuli
        with ThreadPoolExecutor(1, thread_name_prefix="brainconv-feed") as pool:
            waiting: Future[torch.Tensor] | None = None
            while start < n:
                stop = min(start + size, n)
                try:
                    images = self.prepare(start, stop) if waiting is None else waiting.result()
                except (MemoryError, RuntimeError) as error:
                    size, waiting = self._halve(stop - start, start, error), None
                    continue
                if ahead and stop < n:
                    waiting = pool.submit(self.prepare, stop, min(stop + size, n))
                yield start, images
                start = stop

    def _halve(self, n_images: int, row: int, error: Exception) -> int:
        """Half the batch, if it is memory that ran out and there is a half."""
        if not is_out_of_memory(error):
            raise error
        if n_images == 1:
            msg = (
                f"Memory ran out while stimulus {self._stimuli.ids[row]!r} was prepared for {self._model.name}; free "
                f"memory, or shrink the images."
            )
            raise ResourceError(msg) from error
        return n_images // 2
