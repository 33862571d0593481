"""Reliability owns what repeats tell about noise: split-half reliability, signal power, explainable variance, ceilings.

A *reliability* is a share of variance: the largest r² that a noise-free model can reach.  The largest r is its root.
"""

from brainconv.reliability.ceiling import compute_ceiling, require_repeats
from brainconv.reliability.correlation import correlate_columns, correlate_resampled
from brainconv.reliability.exclusion import Exclusion, exclude_unreliable_sites
from brainconv.reliability.fixed_halves import alternate_halves, fixed_half_reliability, shuffle_halves
from brainconv.reliability.split_half import (
    apply_spearman_brown,
    carry_factor,
    count_repeats,
    draw_halves,
    split_half_reliability,
)
from brainconv.reliability.variance import (
    VarianceParts,
    compute_ccnorm,
    compute_feve,
    compute_ncsnr,
    compute_r2_er,
    compute_variance_parts,
)

__all__ = [
    "Exclusion",
    "VarianceParts",
    "alternate_halves",
    "apply_spearman_brown",
    "carry_factor",
    "compute_ccnorm",
    "compute_ceiling",
    "compute_feve",
    "compute_ncsnr",
    "compute_r2_er",
    "compute_variance_parts",
    "correlate_columns",
    "correlate_resampled",
    "count_repeats",
    "draw_halves",
    "exclude_unreliable_sites",
    "fixed_half_reliability",
    "require_repeats",
    "shuffle_halves",
    "split_half_reliability",
]
