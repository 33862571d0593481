"""Simulated recordings of one area, made from a layer of a network: the right answer is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from brainconv.containers import Recording
from brainconv.extraction import extract
from brainconv.recordings.simulate import simulate_recording
from brainconv.stimuli.photographs import load_crops
from brainconv.validation import check_choice

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from brainconv.models import Model


def simulate_area(area: str, model: Model, settings: Mapping[str, Any], *, random_state: int = 0) -> Recording:
    """Show the quickstart's crops to a network and record, with noise, from one of its layers.

    Parameters
    ----------
    area : str
        ``"V1"``, ``"V4"`` or ``"IT"``; a key of ``settings["areas"]``.
    model : Model
        The generating network.
    settings : mapping
        ``areas`` (area to layer), ``n_stimuli``, ``n_repeats``, ``n_sites`` and, if they are to be above 0,
        ``noise_correlation`` and ``drift``, as in the configuration.
    random_state : int
        Seed of the crops, of the sites' weights and of the noise.

    Returns
    -------
    Recording
        With ``simulated=True`` and the generating layer in its metadata.

    Raises
    ------
    NotFoundError
        If the area is not among the configured ones.
    """
    check_choice(area, settings["areas"], what="simulated area")
    layer = settings["areas"][area]
    stimuli = load_crops(n=settings["n_stimuli"], random_state=random_state)
    representation = extract(model, stimuli, layers=[layer], keep="features", progress=False)[layer]
    return simulate_recording(
        cast("NDArray[np.float32]", representation.features),
        stimuli,
        area=area,
        true_layer=layer,
        true_model=model.name,
        n_sites=settings["n_sites"],
        n_repeats=settings["n_repeats"],
        noise_correlation=settings.get("noise_correlation", 0.0),
        drift=settings.get("drift", 0.0),
        random_state=random_state,
    )
