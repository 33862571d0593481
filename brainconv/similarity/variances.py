"""Variance for new stimuli, new subjects or both, from resamplings that each count some of the noise too often.

A value from RDMs varies with its stimuli (what all pairs of a stimulus share) and with its pairs (what is peculiar to
one pair).  A bootstrap sample holds pair (i, j) w_i w_j times, so that it counts the noise of pairs three times;
leaving each stimulus out in turn counts it twice.  Two models that are equally good differ by noise of pairs alone:
there the bootstrap's variance is three times too large, and its tests find next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brainconv.arrays import check_broadcast, read_array

Floats = NDArray[np.float64]


def count_pairs_once(jackknife: Floats | float, bootstrap: Floats | float) -> Floats:
    """Variance over new stimuli from two estimates that count the noise of pairs twice and three times.

    Parameters
    ----------
    jackknife : float or ndarray
        Leaving out each of n stimuli: (n - 1) / n Σ (θ_i - θ̄)².
    bootstrap : float or ndarray
        n / (n - 1) times the variance over bootstrap samples.

    Returns
    -------
    ndarray, shape (...)
        2 ``jackknife`` - ``bootstrap``; not below a third of the bootstrap's, which is right where there is no other
        noise than that of pairs, and not above the larger of the two.  Noise of pairs still counts 1.21 times for 30
        stimuli, 1.07 times for 92.

    References
    ----------
    Efron B, Stein C (1981), doi:10.1214/aos/1176345462: the jackknife's share, from Hoeffding's decomposition.
    """
    jackknife, bootstrap = (
        read_array(value, what=what) for value, what in ((jackknife, "jackknife"), (bootstrap, "bootstrap"))
    )
    check_broadcast(jackknife=jackknife, bootstrap=bootstrap)
    return np.asarray(
        np.clip(2.0 * np.asarray(jackknife) - bootstrap, np.asarray(bootstrap) / 3.0, np.maximum(jackknife, bootstrap))
    )


@dataclass(frozen=True)
class Jackknife:
    """Variance of a mean over subjects as stimuli are left out.

    Parameters
    ----------
    variance : float
    interaction : float
        The share of it that new subjects would bring again; NaN for a single subject.
    dof : float
        Degrees of freedom of ``variance``: how many equal normal terms would make it as uncertain as the scatter of its
        own terms does.  A few stimuli on which much depends leave few.
    """

    variance: float
    interaction: float
    dof: float

    @classmethod
    def of(cls, left_out: Floats, n_stimuli: int) -> Jackknife:
        """Estimate from statistics without one stimulus each.

        Parameters
        ----------
        left_out : ndarray, shape (n_left_out, n_subjects)
            The statistic of each subject without each of some stimuli, all or drawn at random.
        n_stimuli : int
        """
        k, m = left_out.shape
        scale = (n_stimuli - 1) ** 2 / (n_stimuli * (k - 1))  # (n - 1) / n where all were left out
        influence = left_out - left_out.mean(axis=0)
        shared = influence.mean(axis=1, keepdims=True)
        interaction = np.sum((influence - shared) ** 2) / (m * (m - 1)) if m > 1 else np.nan
        squares = shared[:, 0] ** 2
        scatter = np.sum((squares - squares.mean()) ** 2)
        dof = 2.0 * squares.sum() ** 2 / scatter * n_stimuli / k if scatter > 0 else n_stimuli
        return cls(float(scale * squares.sum()), float(scale * interaction), float(min(dof, n_stimuli - 1)))


def bootstrap_interaction(drawn: Floats, observed: Floats) -> float:
    """Variance of a mean over subjects that new subjects bring with new stimuli and not with the old ones.

    Drawing the subjects of each sample, too, would add in expectation what is computed here: the variance of a mean
    over a sample of known values is theirs over its size.

    Parameters
    ----------
    drawn : ndarray, shape (n_boot, n_subjects)
        The statistic of each subject in bootstrap samples of the stimuli.
    observed : ndarray, shape (n_subjects,)
        With all stimuli.

    Returns
    -------
    float
        As the plain bootstrap estimates it: too small by (n - 1) / n for n stimuli; not below 0.
    """
    added = np.var(drawn, axis=1).mean() - np.var(observed)
    return max(float(added), 0.0) / int(drawn.shape[1] - 1)


def combine_variances(stimuli: Floats | float, subjects: Floats | float, interaction: Floats | float) -> Floats:
    """Variance over new stimuli and new subjects.

    Parameters
    ----------
    stimuli : float or ndarray
        Variance over new stimuli, with these subjects.
    subjects : float or ndarray
        Variance over new subjects, with these stimuli.
    interaction : float or ndarray
        What both hold: the variance of the part that differs between subjects and stimuli.

    Returns
    -------
    ndarray, shape (...)
        Their sum less the interaction, which they count twice; not below either.

    References
    ----------
    Schütt H H et al. (2023), doi:10.7554/eLife.82566, eq. 11 (with the interaction as the variance of both drawn at
    once less the two single ones).
    """
    stimuli, subjects, interaction = (
        read_array(value, what=what)
        for value, what in ((stimuli, "stimuli"), (subjects, "subjects"), (interaction, "interaction"))
    )
    check_broadcast(stimuli=stimuli, subjects=subjects, interaction=interaction)
    return np.asarray(np.maximum(stimuli + subjects - interaction, np.maximum(stimuli, subjects)))
