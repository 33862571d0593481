"""Places of stimuli in the plane, so that their distances are like their dissimilarities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes
from scipy.spatial.distance import pdist, squareform

from brainconv.errors import InvalidInputError
from brainconv.validation import check_choice

METHODS = ("mds", "tsne")

_FEWEST = 4  # three stimuli always fit into a plane: a map of them says nothing
_MAX_EXACT = 500  # stimuli of which t-SNE computes every pair; its approximation is for more


def place_stimuli(dissimilarities: NDArray[np.float64], *, method: str, random_state: int) -> NDArray[np.float64]:
    """A place in the plane for each stimulus.

    Both methods start from classical MDS of the same dissimilarities, so that the same RDM gives the same map.

    Parameters
    ----------
    dissimilarities : ndarray, shape (n_pairs,)
        Of one RDM; those below 0 (crossnobis has some) count as 0.
    method : {"mds", "tsne"}
        Metric MDS by SMACOF (its stress is least where distances are the dissimilarities, up to a factor), or t-SNE
        with perplexity min(30, (n_stimuli - 1) / 3).
    random_state : int
        Handed to t-SNE, whose start is not random here.

    Returns
    -------
    ndarray, shape (n_stimuli, 2)
        Centred; in units of the mean dissimilarity for MDS, without unit for t-SNE.

    Raises
    ------
    InvalidInputError
        If a dissimilarity is NaN or infinite, none is above 0, or there are fewer than 4 stimuli.

    References
    ----------
    de Leeuw J, Mair P (2009). J Stat Softw 31(3), doi:10.18637/jss.v031.i03 (SMACOF).
    van der Maaten L, Hinton G (2008). J Mach Learn Res 9:2579-2605 (t-SNE).
    """
    check_choice(method, METHODS, what="method of maps")
    n_bad = int((~np.isfinite(dissimilarities)).sum())
    if n_bad:
        msg = f"{n_bad} of {dissimilarities.size} dissimilarities are NaN or infinite; a map needs every pair."
        raise InvalidInputError(msg)
    square = squareform(np.maximum(dissimilarities, 0.0), checks=False)
    if len(square) < _FEWEST:
        msg = f"There are {len(square)} stimuli; a map needs at least {_FEWEST}."
        raise InvalidInputError(msg)
    if not square.any():
        msg = "No dissimilarity is above 0; all stimuli would lie on one point."
        raise InvalidInputError(msg)
    square /= square[np.triu_indices_from(square, 1)].mean()
    start = _place_classically(square)
    places = _place_by_tsne(square, start, random_state) if method == "tsne" else _place_by_smacof(square, start)
    return np.asarray(places - places.mean(axis=0), dtype=np.float64)


def compute_stress(dissimilarities: NDArray[np.float64], places: NDArray[np.float64]) -> float:
    """Kruskal's stress-1: how much the plane distorts the dissimilarities, whatever its scale.

    Parameters
    ----------
    dissimilarities : ndarray, shape (n_pairs,)
        Those below 0 count as 0.
    places : ndarray, shape (n_stimuli, 2)

    Returns
    -------
    float
        sqrt(sum (d - f δ)² / sum d²) with d the distances in the plane, δ the dissimilarities and the factor f that
        makes it least; 0 where the plane distorts nothing.

    References
    ----------
    Kruskal JB (1964). Psychometrika 29:1-27, doi:10.1007/BF02289565.
    """
    wanted, found = np.maximum(dissimilarities, 0.0), pdist(places)
    factor = (found @ wanted) / (wanted @ wanted)
    return float(np.sqrt(np.sum((found - factor * wanted) ** 2) / np.sum(found**2)))


def turn_onto(places: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """A map rotated and reflected onto another of the same stimuli (orthogonal Procrustes); its distances stay.

    Parameters
    ----------
    places, target : ndarray, shape (n_stimuli, 2)
        Centred.

    Returns
    -------
    ndarray, shape (n_stimuli, 2)
    """
    rotation, _ = orthogonal_procrustes(places, target)
    return np.asarray(places @ rotation)


def _place_classically(square: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = square**2
    centred = centred - centred.mean(axis=0) - centred.mean(axis=1)[:, None] + centred.mean()
    values, vectors = np.linalg.eigh(-0.5 * centred)
    places = vectors[:, [-1, -2]] * np.sqrt(np.maximum(values[[-1, -2]], 0.0))
    largest = np.abs(places).argmax(axis=0)
    return np.asarray(places * np.where(places[largest, [0, 1]] < 0, -1.0, 1.0))  # eigenvectors have no sign


def _place_by_smacof(square: NDArray[np.float64], start: NDArray[np.float64]) -> NDArray[np.float64]:
    from sklearn.manifold import smacof

    # every argument that has had another default or meaning is named; before scikit-learn 1.7 eps was absolute,
    # which is the same order here, because the dissimilarities have mean 1
    places, _ = smacof(square, init=start, n_components=2, n_init=1, max_iter=500, eps=1e-6, normalized_stress=False)
    return np.asarray(places)


def _place_by_tsne(square: NDArray[np.float64], start: NDArray[np.float64], random_state: int) -> NDArray[np.float64]:
    from sklearn.manifold import TSNE

    n_stimuli = len(square)
    tsne = TSNE(
        metric="precomputed",
        init=start / start[:, 0].std() * 1e-4,
        perplexity=min(30.0, (n_stimuli - 1) / 3),
        method="exact" if n_stimuli <= _MAX_EXACT else "barnes_hut",
        random_state=random_state,
    )
    return np.asarray(tsne.fit_transform(square))
