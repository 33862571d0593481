"""Representational similarity: RDMs of layers and recordings, how alike they are, and how sure that is.

Owns the estimators of dissimilarity, the comparators, ceilings over subjects, the bootstrap over stimuli and the
permutation of their labels.  Arrays and containers in, arrays and containers out; nothing here reads a file.
"""

from __future__ import annotations

from brainconv.similarity.animal_ceiling import compute_animal_ceiling
from brainconv.similarity.bootstrap import compare_resampled, draw_multiplicities
from brainconv.similarity.ceiling import average_sessions, compute_rdm_ceiling
from brainconv.similarity.comparators import COMPARATORS, RESAMPLED_COMPARATORS, compare_rdms
from brainconv.similarity.corrections import CORRECTIONS, adjust_p, correct_family
from brainconv.similarity.dimensionality import (
    compute_dimensionality,
    compute_effective_dimensionality,
    compute_participation_ratio,
    compute_spectral_slope,
)
from brainconv.similarity.discriminants import Discriminants, compute_category_rdms, fit_discriminant
from brainconv.similarity.estimators import ESTIMATORS
from brainconv.similarity.geometry import compute_bures, compute_cka, compute_procrustes, resample_measure
from brainconv.similarity.inference import ModelComparison, compare_best_layers, compare_models
from brainconv.similarity.measures import rank_agreement, score_measures
from brainconv.similarity.permutation import permute_labels
from brainconv.similarity.rdms import compute_rdms
from brainconv.similarity.repeats import REPEAT_ESTIMATORS, estimate_from_repeats
from brainconv.similarity.reweighting import partition_variance, score_reweighted
from brainconv.similarity.score import score_rsa
from brainconv.similarity.variances import combine_variances, count_pairs_once
from brainconv.similarity.weighting import fit_rdm_weights

__all__ = [
    "COMPARATORS",
    "CORRECTIONS",
    "ESTIMATORS",
    "REPEAT_ESTIMATORS",
    "RESAMPLED_COMPARATORS",
    "Discriminants",
    "ModelComparison",
    "adjust_p",
    "average_sessions",
    "combine_variances",
    "compare_best_layers",
    "compare_models",
    "compare_rdms",
    "compare_resampled",
    "compute_animal_ceiling",
    "compute_bures",
    "compute_category_rdms",
    "compute_cka",
    "compute_dimensionality",
    "compute_effective_dimensionality",
    "compute_participation_ratio",
    "compute_procrustes",
    "compute_rdm_ceiling",
    "compute_rdms",
    "compute_spectral_slope",
    "correct_family",
    "count_pairs_once",
    "draw_multiplicities",
    "estimate_from_repeats",
    "fit_discriminant",
    "fit_rdm_weights",
    "partition_variance",
    "permute_labels",
    "rank_agreement",
    "resample_measure",
    "score_measures",
    "score_reweighted",
    "score_rsa",
]
