"""Stimuli as a network takes them, batch by batch: placed in degrees, prepared, ready when they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from brainconv.stimuli.identity import StimulusHash
from brainconv.stimuli.placement import place_image

if TYPE_CHECKING:
    import torch

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

    def prepare(self, start: int, stop: int, digest: StimulusHash | None = None) -> torch.Tensor:
        """Some stimuli, ready for the network.

        Parameters
        ----------
        start, stop : int
            Range of rows.
        digest : StimulusHash, optional
            Takes in the images as they pass.

        Returns
        -------
        torch.Tensor, float32, shape (stop - start, 3, input_size, input_size)
        """
        from brainconv.models import prepare_images

        images = [self._stimuli.images[row] for row in range(start, stop)]
        if digest is not None:
            for row, image in zip(range(start, stop), images, strict=True):
                digest.add(self._stimuli.ids[row], image)
        degrees = self._stimuli.degrees
        if degrees is not None:
            images = [place_image(image, degrees, self._model.degrees) for image in images]
        return prepare_images(images, self._model.preprocessing, input_size=self._input_size)

    @property
    def n_stimuli(self) -> int:
        """Number of stimuli."""
        return len(self._stimuli)

    def prepare_twice(self) -> torch.Tensor:
        """The first stimulus by id, two times: enough to see what layers give, and which axis counts the images."""
        first = min(range(self.n_stimuli), key=self._stimuli.ids.__getitem__)
        return self.prepare(first, first + 1).repeat(2, 1, 1, 1)

    def batches(self, size: int, *, ahead: bool) -> Iterator[tuple[int, torch.Tensor]]:
        """First row and images of one batch after the other; the first time through, the set's hash is formed too.

        Parameters
        ----------
        size : int
            Number of images in a batch; the last one may be smaller.
        ahead : bool
            Prepare the next batch in a thread while the caller works on this one.
        """
        n = self.n_stimuli
        digest = StimulusHash(self._stimuli.degrees) if self.sha256 is None else None
        ranges = [(start, min(start + size, n)) for start in range(0, n, size)]
        if ahead:
            with ThreadPoolExecutor(1, thread_name_prefix="brainconv-feed") as pool:
                future = pool.submit(self.prepare, *ranges[0], digest)
                for i, (start, _) in enumerate(ranges):
                    images = future.result()
                    if i + 1 < len(ranges):
                        future = pool.submit(self.prepare, *ranges[i + 1], digest)
                    yield start, images
        else:
            for start, stop in ranges:
                yield start, self.prepare(start, stop, digest)
        if digest is not None:
            self.sha256 = digest.hexdigest()
