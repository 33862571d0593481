"""Predictivity owns linear read-outs from layers to sites: splits, regressions from one Gram, score definitions."""

from brainconv.predictivity.banded import BandedFit, fit_banded, score_banded
from brainconv.predictivity.components import predict_components
from brainconv.predictivity.crossvalidation import CrossValidation, cross_validate
from brainconv.predictivity.definitions import DEFINITIONS, compute_definition
from brainconv.predictivity.factorised import FactorisedReadout, cross_validate_factorised, fit_factorised
from brainconv.predictivity.heldout import HeldOut
from brainconv.predictivity.hierarchy import AREA_ORDER, compute_preferred_depth, score_hierarchy
from brainconv.predictivity.inference import (
    compare_layers,
    compare_models,
    compare_with_layer,
    compute_selection_frequency,
    control_fdr,
    correct_family,
)
from brainconv.predictivity.learning_curve import score_learning_curve
from brainconv.predictivity.mapping_ceiling import compute_mapping_ceiling
from brainconv.predictivity.matching import match_units, score_matching
from brainconv.predictivity.pls import predict_pls
from brainconv.predictivity.primal import predict_ridge_primal
from brainconv.predictivity.regressions import Regression, find_regression
from brainconv.predictivity.reverse import score_reverse_predictivity
from brainconv.predictivity.ridge import PENALTY_GRID, mean_eigenvalue, predict_ridge
from brainconv.predictivity.score import score_predictivity
from brainconv.predictivity.spectrum import NOISE_FLOOR, Spectrum, centre_gram, decompose_gram
from brainconv.predictivity.splits import Splits, make_splits
from brainconv.predictivity.training import MIN_TWINS, compare_with_twins
from brainconv.predictivity.twofactor import Resampled

__all__ = [
    "AREA_ORDER",
    "DEFINITIONS",
    "MIN_TWINS",
    "NOISE_FLOOR",
    "PENALTY_GRID",
    "BandedFit",
    "CrossValidation",
    "FactorisedReadout",
    "HeldOut",
    "Regression",
    "Resampled",
    "Spectrum",
    "Splits",
    "centre_gram",
    "compare_layers",
    "compare_models",
    "compare_with_layer",
    "compare_with_twins",
    "compute_definition",
    "compute_mapping_ceiling",
    "compute_preferred_depth",
    "compute_selection_frequency",
    "control_fdr",
    "correct_family",
    "cross_validate",
    "cross_validate_factorised",
    "decompose_gram",
    "find_regression",
    "fit_banded",
    "fit_factorised",
    "make_splits",
    "match_units",
    "mean_eigenvalue",
    "predict_components",
    "predict_pls",
    "predict_ridge",
    "predict_ridge_primal",
    "score_banded",
    "score_hierarchy",
    "score_learning_curve",
    "score_matching",
    "score_predictivity",
    "score_reverse_predictivity",
]
