"""Figures: one file each, a tidy table or a container in, a matplotlib figure out; nothing is computed here."""

from brainconv.plotting.bandwidths import plot_bandwidths
from brainconv.plotting.depths import plot_preferred_layers
from brainconv.plotting.differences import plot_layer_differences, plot_model_differences
from brainconv.plotting.filters import plot_filters, plot_shape_plane
from brainconv.plotting.maps import plot_image_map
from brainconv.plotting.matrices import plot_layer_area_matrix
from brainconv.plotting.measures import plot_measures
from brainconv.plotting.profiles import plot_layer_profiles
from brainconv.plotting.rdms import plot_rdms
from brainconv.plotting.recovery import plot_layer_recovery
from brainconv.plotting.reweighting import plot_reweighting
from brainconv.plotting.scores import plot_best_layers, plot_site_scatter
from brainconv.plotting.selection import select_best_layers
from brainconv.plotting.style import OKABE_ITO, figure_style, figure_to_png, figure_to_svg

__all__ = [
    "OKABE_ITO",
    "figure_style",
    "figure_to_png",
    "figure_to_svg",
    "plot_bandwidths",
    "plot_best_layers",
    "plot_filters",
    "plot_image_map",
    "plot_layer_area_matrix",
    "plot_layer_differences",
    "plot_layer_profiles",
    "plot_layer_recovery",
    "plot_measures",
    "plot_model_differences",
    "plot_preferred_layers",
    "plot_rdms",
    "plot_reweighting",
    "plot_shape_plane",
    "plot_site_scatter",
    "select_best_layers",
]
