"""Physiology of model units with the experimenter's methods: Gabor fits of first-layer filters, and tuning curves.

Everything here is a pure function of arrays: filters or responses in, tables out.  torch is imported when a fit starts.
"""

from brainconv.physiology.colour import ColourReduction, reduce_colour
from brainconv.physiology.first_layer import compare_shapes, mark_filters, summarise_first_layer
from brainconv.physiology.gabor_fit import fit_gabors, render_gabors
from brainconv.physiology.gabor_gate import GaborGate, compute_gabor_gate, make_noise_filters
from brainconv.physiology.ringach import RINGACH_NX_NY, ShapeTable
from brainconv.physiology.tuning import (
    compute_circular_variance,
    compute_modulation_ratio,
    compute_orientation_bandwidth,
    compute_orthogonal_ratio,
    compute_preferred_orientation,
    predict_frequency_band,
    predict_orientation_bandwidth,
)

__all__ = [
    "RINGACH_NX_NY",
    "ColourReduction",
    "GaborGate",
    "ShapeTable",
    "compare_shapes",
    "compute_circular_variance",
    "compute_gabor_gate",
    "compute_modulation_ratio",
    "compute_orientation_bandwidth",
    "compute_orthogonal_ratio",
    "compute_preferred_orientation",
    "fit_gabors",
    "make_noise_filters",
    "mark_filters",
    "predict_frequency_band",
    "predict_orientation_bandwidth",
    "reduce_colour",
    "render_gabors",
    "summarise_first_layer",
]
