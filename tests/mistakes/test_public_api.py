"""Every argument of every public function is given wrong values: each ends in one of brainconv's own errors."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

import brainconv as bc
from brainconv.errors import BrainconvError

PACKAGES = ("", ".similarity", ".predictivity", ".reliability", ".physiology", ".recordings", ".stimuli", ".io")
OBJECT = object()
HUGE = 10**12

# What a kind of parameter is never: the same few strangers, and what is next to right.
STRANGERS: tuple[Any, ...] = (OBJECT, 1j, b"x", {1: 2}, [OBJECT], float("nan"), np.datetime64("2020-01-01"))
NO_NUMBER = (*STRANGERS, None, "3", "", [3], np.array([1, 2]), pd.DataFrame({"a": [1]}), True)
NO_TEXT = (*STRANGERS, None, 3, True, "", "  ", "\ud800", "a\x00b", ["a"], np.array(["a", "b"]))
NO_ARRAY = (OBJECT, None, "3", b"x", {1: 2}, {1}, [OBJECT], [[1, 2], [3]], np.array("a"), "text", "complex", "object")
NO_CONTAINER = (*STRANGERS, None, 3, "cowley2023.190923", [], (), [None], np.zeros((3, 3)), pd.DataFrame({"a": [1]}))
KINDS: dict[str, tuple[Any, ...]] = {
    "count": (*NO_NUMBER, -1, -HUGE, 2.5, 1.0, HUGE, 10**5000, np.float64(3)),
    "seed": (*NO_NUMBER, -1, 1.5, 2**70, np.random.default_rng(0), np.random.RandomState(0)),
    "number": (*NO_NUMBER, np.inf, -np.inf, 10**5000),
    "flag": (*STRANGERS, None, 0, 1, "yes", "", [], np.array([True, False])),
    "choice": (*STRANGERS, None, 3, True, "", "nonsense", ["a"], np.array(["a", "b"]), "\ud800", "x" * 10_000),
    "choices": (*STRANGERS, None, 3, True, "", "nonsense", [], ["nonsense"], [None], np.array([1, 2]), {"rho-a"}),
    "text": NO_TEXT,
    "ids": (*STRANGERS, None, 3, "abc", [], [None], [np.nan], [[1]], {"a", "b"}, ["a", "a"], [""], ["\ud800"], [True]),
    "path": (*STRANGERS, None, 3, "", " ", [], "a\x00b"),
    "array": NO_ARRAY,
    "indices": (*NO_ARRAY, [0.5, 1.5], [True, False], [-1, 0, 1], [0, 0, 1], [], [0, 1, HUGE], np.zeros((2, 2), int)),
    "folds": (
        OBJECT,
        None,
        "ab",
        3,
        [],
        {},
        [None],
        [["a", "b"]],
        [[-1, 0, 1]],
        [[0, 0, 1]],
        [[0, HUGE]],
        [[0.5, 1.0]],
    ),
    "container": NO_CONTAINER,
    "layers": (*NO_CONTAINER, {}, {"a": None}, {"a": np.zeros((3, 3))}, "recording", "rdms-of-others"),
    "table": (*STRANGERS, None, 3, "x", [], np.zeros((2, 2)), pd.Series([1, 2]), "twice"),
    "mapping": (OBJECT, None, 3, "x", [1], np.zeros(2), pd.DataFrame()),
    "splits": (
        *NO_CONTAINER,
        "",
        "kfold",
        "kfold1",
        "kfold-3",
        "kfold0",
        "group1",
        "kfold999999",
        "nonsense",
        "\ud800",
    ),
    "regression": (*STRANGERS, None, 3, "", "lasso", "pls0", "pls-1", "pls999999", "pcr" + "9" * 5000, ["ridge"]),
    "generator": (*STRANGERS, None, 0, 1, "x", np.random.RandomState(0)),
    "window": (*STRANGERS, 3, "ab", (1,), (1, 2, 3), (2, 1), (None, 1), (0, np.inf), ("0", "1")),
    "images": (*STRANGERS, None, 3, "abc", [], [None], np.zeros((24, 8, 8)), np.zeros((24, 8, 8, 3)), "masked images"),
    "scores": (*NO_CONTAINER, pd.DataFrame({"layer": ["a"]}), "rdms-of-others"),
    "notes": (OBJECT, None, 3, "one text", [None], [3], [b"x"]),
    "module": (*NO_CONTAINER, dict, len),
}
# Kind of a parameter by its name; by (function, parameter) where that is not enough.
NAMES = {
    "random_state": "seed", "seed": "seed", "rng": "generator",
    "n_boot n_permutations n_splits n_ceiling_splits n_starts n_samples n_noise n_iter n_draws n_halvings n_sites"
    " n_repeats n_pooled max_units n_components n_stimuli n_units n_filters kernel_size n_channels layer_index"
    " n_shuffles": "count",
    "margin test_share threshold quantile noise_floor mean_count smoothness degrees stimulus_degrees model_degrees"
    " gate": "number",
    "averaged simulated disjoint debiased keep download colour smooth median_first": "flag",
    "estimator target_estimator correction generalise halves measure kind definition reference feature_dtype"
    " units": "choice",
    "comparators": "choices", "comparator": "choice",
    "name model weights layer unit area true_layer true_model pattern": "text",
    "ids stimulus_ids areas": "ids",
    "registry data_dir folder path path_csv": "path",
    "responses dissimilarities gram unit_sums features filters a b p r reliability predictions predicted observed"
    " jackknife bootstrap stimuli_variance components target counts n_x n_y orientations grams shuffles grid factor"
    " multiplicities train_units test_units train_sites test_sites": "array",
    "train test": "folds",
    "stimuli recording source representation rdms fits discriminants": "container",
    "representations": "layers",
    "sites table labels": "table",
    "provenance metadata": "mapping",
    "splits": "splits", "regression": "regression", "time_window": "window", "images": "images",
    "scores first second trained": "scores", "notes": "notes", "training_ids": "ids",
}  # fmt: skip
KIND_OF = {name: kind for names, kind in NAMES.items() for name in names.split()}
GROUPS = (OBJECT, 3, "x", [], ["a"], np.zeros((3, 3)), np.array(["a"]), np.zeros(24))
CHOICES = (OBJECT, 3, "x", [], [None], np.zeros((3, 3)), {1: 2})
SPECIAL: dict[tuple[str, str], str | tuple[Any, ...]] = {
    ("score_rsa", "target"): "container",
    ("RDMs", "estimator"): "text",
    ("compare_models", "target"): "container",
    ("score_measures", "target"): "container",
    ("score_reweighted", "target"): "container",
    ("partition_variance", "target"): "container",
    ("score_reweighted", "components"): "layers",
    ("partition_variance", "components"): "layers",
    ("compare_rdms", "a"): "container",
    ("compare_rdms", "b"): "container",
    ("compute_cka", "a"): "layers",
    ("compute_cka", "b"): "layers",
    ("compute_bures", "a"): "layers",
    ("compute_bures", "b"): "layers",
    ("compute_procrustes", "a"): "layers",
    ("compute_procrustes", "b"): "layers",
    ("resample_measure", "a"): "layers",
    ("resample_measure", "b"): "layers",
    ("compute_rdms", "source"): "layers",
    ("combine_variances", "stimuli"): "array",
    ("combine_variances", "subjects"): "array",
    ("combine_variances", "interaction"): "array",
    ("compute_spectral_slope", "ranks"): (OBJECT, 3, "ab", (1,), (0, 5), (5, 2), (1, 2, 3), (1.5, 9), (1, HUGE)),
    ("estimate_from_repeats", "noise"): (OBJECT, 3, "x", np.zeros((3, 3)), lambda _: "x", lambda _: np.zeros((2, 2))),
    ("fit_discriminant", "labels"): (*NO_CONTAINER, pd.Series([True, False]), pd.Series([1.5]), pd.Series(["a", "b"])),
    ("compute_category_rdms", "labels"): "table",
    ("score_learning_curve", "fractions"): (OBJECT, None, 3, "ab", [], (0,), (-0.5,), (2,), (None,), ("0.5",)),
    ("compare_models predictivity", "scores"): (*NO_CONTAINER, {}, {"a": None}, {"a": 1, "b": 2}),
    ("compare_with_twins", "twins"): (*NO_CONTAINER, [1] * 5, "abcde"),
    ("compare_layers", "layers"): (OBJECT, None, 3, "ab", (), ("L0",), ("L0", 1), ("L0", "none"), (None, None)),
    ("fit_banded", "train"): "indices",
    ("fit_banded", "test"): "indices",
    ("mean_eigenvalue", "train"): "indices",
    ("cross_validate", "areas"): (OBJECT, 3, "x", [], ["IT"], np.zeros((3, 3))),
    ("cross_validate", "splits"): NO_CONTAINER,
    ("cross_validate_factorised", "splits"): NO_CONTAINER,
    ("compute_mapping_ceiling", "source"): (*STRANGERS, None, 3, "", "nonsense", [], np.zeros(3)),
    ("predict_ridge", "grid"): (*NO_ARRAY, [], [0.0], [-1.0], [np.nan], 3),
    ("carry_factor", "weights"): "array",
    ("split_half_reliability", "weights"): "array",
    ("correlate_resampled", "weights"): "array",
    ("correlate_resampled", "constant"): (OBJECT, None, "3", b"x", [3], np.array([1, 2]), True, np.inf, 10**5000, 1j),
    ("score_hierarchy", "scores"): "scores",
    ("compute_definition", "definition"): "choice",
    ("rank_agreement", "reference"): "choice",
    ("compare_shapes", "reference"): "container",
    ("summarise_first_layer", "reference"): "container",
    ("mark_filters", "gate"): (*NO_NUMBER, -0.1, 1.5, np.inf),
    ("summarise_first_layer", "gate"): (*NO_NUMBER, -0.1, 1.5, np.inf),
    ("place_image", "image"): (*STRANGERS, None, 3, "x", [], np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8)),
    ("place_image", "stimulus_degrees"): (*NO_NUMBER, 0, -1, np.inf, 1e-6, 1e-300),
    ("place_image", "model_degrees"): (*NO_NUMBER, 0, -1, np.inf, 1e6, 1e300),
    ("load_stimuli", "degrees"): "number",
    ("list_recordings", "pattern"): "text",
    ("find_file", "file"): "container",
    ("fetch_file", "file"): "container",
    ("hash_state", "state"): "mapping",
    ("inherit_provenance", "representations"): "layers",
    ("load_representations", "layers"): (*KINDS["ids"], ["no layer"]),
    ("save_properties", "properties"): "container",
    ("Properties", "units"): (OBJECT, None, 3, "x", [1], np.zeros(2), {"no column": "deg"}),
    ("Properties", "table"): "table",
    ("Scores", "details"): (OBJECT, 3, "x", [1], pd.DataFrame()),
    ("Scores", "table"): (*KINDS["table"], pd.DataFrame({"wrong": [1]}), pd.DataFrame({"value": ["text"]})),
    ("RDMs", "labels"): (*KINDS["table"], pd.DataFrame({"subject": ["a"]})),
    ("Discriminants", "labels"): (*KINDS["table"], pd.DataFrame({"a": [True]}, index=["no stimulus"])),
    ("Representation", "n_units"): (*KINDS["count"][:-4], 0, 10**5000, np.float64(3)),
    ("score_reverse_predictivity", "max_units"): (*KINDS["count"][:-5], 0, np.float64(3)),
    ("Representation", "layer_index"): (*KINDS["count"][:-4], np.float64(3)),
    ("Splits", "train"): "folds",
    ("Splits", "note"): (OBJECT, None, 3, b"x", ["a"]),
    ("compare", "model"): "container",
    ("compare", "recordings"): (*STRANGERS, None, 3, "nonsense", [], [None], np.zeros((3, 3)), "layer"),
    ("compare", "analyses"): "choices",
    ("compare", "layers"): (*KINDS["ids"], ["no layer"]),
    ("load_recording", "name"): (*NO_TEXT, "no recording"),
    ("fetch_recording", "name"): (*NO_TEXT, "no recording"),
    ("describe_recording", "name"): (*NO_TEXT, "no recording"),
    ("list_models", "registry"): (OBJECT, 3, "no file", b"x", [1]),
    ("load_model", "name"): (*NO_TEXT, "no model"),
    ("load_model", "weights"): (OBJECT, 3, 1j, [1], "no file", True, ""),
    ("load_model", "device"): (*STRANGERS, None, 3, "", "tpu9", "cuda:77"),
    ("load_model", "registry"): (OBJECT, 3, "no file", b"x", [1]),
    ("wrap_model", "module"): "module",
    ("wrap_model", "layers"): (*KINDS["ids"], ["no layer"]),
    ("wrap_model", "preprocess"): (OBJECT, 3, "x", [1], {"no field": 1}, {"mean": None}),
    ("wrap_model", "input_size"): (*KINDS["count"], 0),
    ("wrap_model", "degrees"): (*KINDS["number"], 0, -1),
    ("extract", "model"): "container",
    ("extract", "layers"): (*KINDS["ids"], ["no layer"]),
    ("extract", "batch_size"): (*NO_NUMBER, 0, -1, 2.5, "fast"),
    ("extract", "keep"): "choice",
    ("extract", "input_size"): (*KINDS["count"], 0),
    ("extract", "scratch_dir"): KINDS["path"],
    ("extract", "scratch_bytes"): (*NO_NUMBER, -1, 2.5),
    ("extract", "progress"): "flag",
    ("draw_multiplicities", "n_stimuli"): (*KINDS["count"], 0),
    ("compare_best_layers", "target"): "container",
    ("compare_with_twins", "trained"): (*KINDS["scores"], [1]),
    ("correct_family", "table"): (*KINDS["table"], pd.DataFrame({"no p": [0.1]})),
    ("cross_validate", "units"): (OBJECT, 3, "x", ["a"], [0.5], [0], np.zeros((3, 3))),
    ("predict_ridge", "choices"): CHOICES,
    ("predict_ridge_primal", "choices"): CHOICES,
    ("predict_pls", "choices"): CHOICES,
    ("predict_components", "choices"): CHOICES,
    ("Splits", "groups"): GROUPS,
    ("fit_factorised", "groups"): GROUPS,
    ("fit_banded", "inner"): (*STRANGERS, 3, "x", []),
    ("predict_pls", "tol"): (*NO_NUMBER, 0, -1, np.inf),
    ("fixed_half_reliability", "weights"): "array",
    ("fixed_half_reliability", "halves"): (OBJECT, None, 3, "ab", [], [None], [([0],)], [([0], [99])], [([], [0])]),
    ("simulate_recording", "noise_correlation"): (*NO_NUMBER, -0.1, 1, np.inf),
    ("simulate_recording", "drift"): (*NO_NUMBER, -0.1, 1, np.inf),
}  # fmt: skip
# What is right in one place although it is wrong in most: (function, parameter) -> values that are not tried.
ALLOWED: dict[tuple[str, str], tuple[Any, ...]] = {
    ("load_model", "weights"): ("random",),
    ("inherit_provenance", "representations"): ({},),
}
# Functions of single numbers or of a last axis take arrays of any shape; others take an array that is empty.
ELEMENTWISE = {
    "apply_spearman_brown", "compute_definition", "predict_frequency_band", "predict_orientation_bandwidth",
    "compute_circular_variance", "compute_preferred_orientation", "compute_orthogonal_ratio",
    "compute_orientation_bandwidth", "compute_modulation_ratio",
}  # fmt: skip
EMPTY = {
    "permute_labels",
    "adjust_p",
    "control_fdr",
    "carry_factor",
    "compare_resampled",
    "correlate_resampled",
    "split_half_reliability",
}
# Any number of values of any kind, or a context; and the archive of a data set, which its reader opens.
OTHERS = {"hash_arrays", "hash_files", "hash_source", "collect_provenance", "write_atomically"}
# Made by brainconv and handed out: nobody makes them by hand.
RESULTS = {
    "RemoteFile", "ZipImages",
    "ModelComparison", "BandedFit", "CrossValidation", "FactorisedReadout", "HeldOut", "Regression", "Resampled",
    "Spectrum", "Exclusion", "VarianceParts", "ColourReduction", "GaborGate", "ShapeTable", "RecordingRow",
    "RegisteredFile",
}  # fmt: skip


def calls(g: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Good arguments of every public function; all that it takes is there."""
    many = {"n_boot": 20, "random_state": 0}
    rows, rows_b = g.pairs, g.pairs[:1]
    regress = {"gram": g.layer.gram, "responses": g.means, "train": g.train, "test": g.test}
    regress |= {"noise_floor": 1e-12, "choices": None}
    fit = {"train": g.train[0], "test": g.test[0]}
    score = {"representations": g.layers, "recording": g.recording, "splits": "kfold4", "regression": "ridge"}
    rsa = {"representations": g.layers, "target": g.rdms, "estimator": "correlation", "target_estimator": None}
    weighted = {
        "components": {"M": g.layers},
        "target": g.rdms,
        "discriminants": None,
        "n_splits": 2,
        "test_share": 0.34,
    }
    named = {"name": "x", "metadata": {}}
    size = np.array([0.3, 0.5])
    repeats = {"responses": g.responses}
    own = {"name": "mine2026", "registry": g.registry}
    tuned = {"responses": g.tuning, "orientations": g.angles}
    return {
        "StimulusSet": {"name": "x", "ids": g.ids, "images": g.stimuli.images, "degrees": 8.0, "table": g.table},
        "Recording": named
        | {"stimuli": g.stimuli, "responses": g.responses, "sites": g.sites, "unit": "spikes/s", "averaged": False}
        | {"time_window": (70.0, 170.0), "simulated": False},
        "RDMs": named
        | {"dissimilarities": rows, "stimulus_ids": g.ids, "labels": g.rdms.labels, "estimator": "x", "stimuli": None},
        "Properties": named
        | {"table": pd.DataFrame({"a": [1.0]}), "units": {"a": "deg"}, "area": "V1", "simulated": False},
        "Representation": {"gram": g.layer.gram, "unit_sums": g.layer.unit_sums, "n_units": g.layer.n_units}
        | {"stimulus_ids": g.ids, "model": "M", "weights": "default", "layer": "L", "layer_index": 0, "seed": None}
        | {"units": "raw", "feature_dtype": "float64", "degrees": 8.0, "features": g.x, "provenance": {}},
        "Scores": {"table": g.scores.table, "details": None, "notes": ()},
        "compute_rdms": {"source": g.layers, "estimator": "correlation"},
        "score_rsa": rsa | many | {"comparator": "rho-a", "n_permutations": 0},
        "score_predictivity": score | many | {"n_shuffles": 0, "n_ceiling_splits": 2},
        "compute_ceiling": {"recording": g.recording, "n_splits": 2, "n_boot": 2, "random_state": 0},
        "fit_gabors": {"filters": g.filters, "n_starts": 6, "random_state": 0},
        "list_recordings": {"pattern": "*", "area": None, "registry": None},
        "load_recording": own | {"area": None, "data_dir": None, "download": False},
        "fetch_recording": own | {"data_dir": None, "download": False},
        "describe_recording": own,
        "load_registry": {"registry": own["registry"]},
        "list_models": {"pattern": "*", "registry": None},
        "load_model": {"name": "pixels", "weights": "default", "device": "cpu", "seed": None, "data_dir": None}
        | {"registry": None},
        "wrap_model": {
            "module": g.module,
            "name": "M",
            "layers": None,
            "preprocess": None,
            "input_size": 32,
            "degrees": 8.0,
        },
        "extract": {"model": g.model, "stimuli": g.stimuli, "layers": None, "batch_size": "auto", "keep": "gram"}
        | {"units": "raw", "input_size": None, "scratch_dir": None, "scratch_bytes": None, "progress": False},
        "compare": {"model": g.model, "recordings": g.recording, "analyses": ("rsa",), "layers": None, "n_boot": 0}
        | {"random_state": 0, "data_dir": None},
        "Discriminants": {"representation": g.layer, "labels": g.categories, "training_ids": None},
        "adjust_p": {"p": np.array([0.1, 0.5]), "correction": "fdr"},
        "average_sessions": {"rdms": g.rdms},
        "combine_variances": {"stimuli": 1.0, "subjects": 2.0, "interaction": 0.5},
        "count_pairs_once": {"jackknife": 1.0, "bootstrap": 2.0},
        "compare_models similarity": rsa
        | {"comparator": "rho-a", "generalise": "stimuli", "correction": "fdr", "margin": 0.1, "n_boot": 100}
        | {"random_state": 0},
        "compare_best_layers": rsa
        | {"comparator": "rho-a", "generalise": "stimuli", "correction": "fdr", "margin": 0.1, "n_boot": 100}
        | {"random_state": 0},
        "compare_rdms": {"a": g.rdms, "b": g.rdms, "comparator": "rho-a"},
        "compare_resampled": {"a": rows, "b": rows_b, "multiplicities": g.counts, "comparators": ["rho-a"]},
        "compute_animal_ceiling": {
            "recording": g.recording,
            "halves": "repeats",
            "estimator": "cv_sqeuclidean_per_unit",
        }
        | {"comparator": "pearson", "n_splits": 2, "random_state": 0},
        "compute_bures": {"a": g.layers, "b": None},
        "compute_procrustes": {"a": g.layers, "b": None},
        "compute_cka": {"a": g.layers, "b": None, "debiased": True},
        "compute_category_rdms": {"labels": g.categories},
        "compute_dimensionality": {"representations": g.layers, "random_state": 0},
        "compute_effective_dimensionality": {"gram": g.layer.gram},
        "compute_participation_ratio": {"gram": g.layer.gram},
        "compute_spectral_slope": {"gram": g.layer.gram, "ranks": None, "feature_dtype": "float64"},
        "compute_rdm_ceiling": {"rdms": g.rdms, "comparator": "rho-a"},
        "draw_multiplicities": {"n_stimuli": 5, "n_boot": 3, "rng": g.rng},
        "estimate_from_repeats": {"responses": g.responses, "estimator": "crossnobis", "noise": None},
        "fit_discriminant": {"representation": g.layer, "labels": g.categories["face"], "name": "face"},
        "fit_rdm_weights": {"components": rows[:2], "target": rows[2]},
        "partition_variance": weighted
        | {"components": {"A": g.layer, "B": g.other}, "estimator": "correlation", "target_estimator": None}
        | {"random_state": 0},
        "score_reweighted": weighted
        | {"estimator": "correlation", "comparator": "tau-a", "target_estimator": None, "random_state": 0},
        "permute_labels": {"a": rows, "b": rows_b, "n_permutations": 3, "rng": g.rng, "comparators": ["rho-a"]},
        "rank_agreement": {"scores": g.measures, "reference": "rho-a"},
        "resample_measure": {"a": g.layers, "b": g.layers, "multiplicities": g.counts, "measure": "cka"},
        "score_measures": rsa | many,
        "centre_gram": {"gram": g.layer.gram},
        "decompose_gram": {"gram": g.layer.gram, "noise_floor": 1e-12},
        "compare_layers": {"first": g.scores, "second": g.scores, "layers": ("L0", "L1"), "area": "IT"},
        "compare_models predictivity": {"scores": {"A": g.scores, "B": g.twins[0]}, "area": None},
        "compare_with_layer": {"scores": g.scores, "layer": "L0", "area": None},
        "compare_with_twins": {"trained": g.scores, "twins": g.twins, "area": None},
        "compute_definition": {"definition": "r", "r": np.array([0.5]), "reliability": 0.5},
        "compute_mapping_ceiling": {
            "recording": g.recording,
            "source": "halves",
            "regression": "ridge",
            "splits": "kfold4",
        }
        | {"n_halvings": 1, "n_boot": 10, "n_ceiling_splits": 2, "random_state": 0},
        "compute_preferred_depth": {"scores": g.scores},
        "compute_selection_frequency": {"scores": g.scores},
        "correct_family": {"table": pd.DataFrame({"p": [0.1, 0.5]})},
        "control_fdr": {"p": np.array([0.1, 0.5])},
        "cross_validate": {"gram": g.layer.gram, "responses": g.means, "splits": g.splits, "regression": "ridge"}
        | {"noise_floor": 1e-12, "shuffles": None, "areas": None, "features": None, "units": None},
        "cross_validate_factorised": {
            "features": g.maps,
            "responses": g.means[:, :2],
            "splits": g.splits,
            "smoothness": 1.0,
        },
        "find_regression": {"name": "ridge"},
        "fit_banded": {"grams": g.layer.gram[None], "responses": g.means, "n_iter": 2, "random_state": 0}
        | fit
        | {"inner": None},
        "fit_factorised": {"features": g.maps, "responses": g.means[:, :2], "smoothness": 1.0, "groups": None},
        "make_splits": {"splits": "kfold4", "stimuli": g.stimuli, "random_state": 0},
        "match_units": {"train_units": g.x[:12], "train_sites": g.means[:12], "test_units": g.x[12:]}
        | {"test_sites": g.means[12:], "kind": "best"},
        "mean_eigenvalue": {"gram": g.layer.gram, "train": g.train[0]},
        "predict_components": regress | {"n_components": 3},
        "predict_pls": regress | {"n_components": 3, "tol": None},
        "predict_ridge": regress | {"grid": np.array([1.0, 10.0])},
        "predict_ridge_primal": {"features": g.x, "grid": np.array([1.0, 10.0])}
        | {name: value for name, value in regress.items() if name != "gram"},
        "score_banded": {"representations": g.layers, "recording": g.recording, "splits": "kfold4", "n_iter": 2}
        | {"random_state": 0},
        "score_hierarchy": {
            "scores": g.scores,
            "areas": ("V4", "IT"),
            "n_boot": 0,
            "n_permutations": 0,
            "random_state": 0,
        },
        "score_learning_curve": score | {"fractions": (0.5, 1.0), "n_draws": 1, "random_state": 0},
        "score_matching": {"representation": g.layer, "recording": g.recording, "kind": "best", "splits": "kfold4"}
        | {"random_state": 0},
        "score_reverse_predictivity": {"representation": g.layer, "recording": g.recording, "regression": "ridge"}
        | {"splits": "kfold4", "max_units": 5, "random_state": 0},
        "Splits": {"name": "x", "stimulus_ids": g.ids, "train": g.splits.train, "test": g.splits.test, "note": ""}
        | {"median_first": False, "groups": None},
        "apply_spearman_brown": {"r": np.array([0.5]), "factor": 2.0},
        "carry_factor": {"counts": np.full((4, 3), 4), "weights": np.ones((1, 4))},
        "compute_ccnorm": repeats | {"predictions": g.means},
        "compute_feve": repeats | {"predictions": g.means},
        "compute_r2_er": repeats | {"predictions": g.means},
        "compute_ncsnr": repeats,
        "compute_variance_parts": repeats,
        "count_repeats": repeats,
        "correlate_columns": {"predicted": g.means, "observed": g.means},
        "correlate_resampled": {"predicted": g.means, "observed": g.means, "weights": np.ones((2, len(g.ids)))}
        | {"constant": 0.0},
        "alternate_halves": {"n_repeats": 4},
        "shuffle_halves": {"n_repeats": 4},
        "fixed_half_reliability": repeats | {"halves": [(np.array([0, 2]), np.array([1, 3]))], "weights": None},
        "draw_halves": repeats | {"n_splits": 2, "random_state": 0},
        "split_half_reliability": repeats | {"n_splits": 2, "random_state": 0, "weights": None},
        "exclude_unreliable_sites": {"recording": g.recording, "threshold": 0.1, "disjoint": True, "n_splits": 2}
        | {"random_state": 0},
        "require_repeats": {"recording": g.recording},
        "compare_shapes": {"n_x": size, "n_y": size, "reference": g.shapes, "n_samples": 20, "random_state": 0},
        "compute_circular_variance": tuned,
        "compute_preferred_orientation": tuned,
        "compute_orthogonal_ratio": tuned,
        "compute_orientation_bandwidth": tuned | {"smooth": True},
        "compute_modulation_ratio": {"responses": g.tuning},
        "compute_gabor_gate": {"kernel_size": 5, "n_channels": 1, "quantile": 0.9, "n_noise": 100, "random_state": 0}
        | {"n_starts": 6},
        "make_noise_filters": {"n_filters": 2, "kernel_size": 5, "n_channels": 1, "random_state": 0},
        "mark_filters": {"fits": g.fits, "gate": 0.5},
        "summarise_first_layer": {"fits": g.fits, "gate": 0.5, "reference": g.shapes, "n_boot": 20, "random_state": 0},
        "predict_frequency_band": {"n_x": size},
        "predict_orientation_bandwidth": {"n_x": size, "n_y": size},
        "reduce_colour": {"filters": g.filters},
        "render_gabors": {"fits": g.fits, "colour": False},
        "simulate_recording": {"features": g.x, "stimuli": g.stimuli, "area": "V4", "true_layer": "L", "n_sites": 2}
        | {"n_repeats": 2, "n_pooled": 2, "mean_count": 3.0, "true_model": None, "random_state": 0}
        | {"noise_correlation": 0.0, "drift": 0.0},
        "find_file": {"file": g.remote, "folder": "x", "data_dir": None},
        "fetch_file": {"file": g.remote, "folder": "x", "data_dir": g.folder.parent, "download": False},
        "hash_state": {"state": {"a": np.zeros(2)}},
        "hash_stimuli": {"stimuli": g.stimuli},
        "inherit_provenance": {"representations": g.layers},
        "list_data_dirs": {"data_dir": None},
        "load_representations": {"path": g.saved["layers"], "layers": None},
        "read_layers": {"path": g.saved["layers"]},
        "read_provenance": {"path": g.saved["layers"]},
        "open_recording": {"path": g.saved["recording"]},
        "open_rdms": {"path": g.saved["rdms"]},
        "open_properties": {"path": g.saved["properties"]},
        "open_scores": {"path_csv": g.saved["scores"]},
        "save_representations": {"path": g.saved["layers"], "representations": g.layers, "provenance": None},
        "save_recording": {"path": g.saved["recording"], "recording": g.recording, "provenance": None},
        "save_rdms": {"path": g.saved["rdms"], "rdms": g.rdms, "provenance": None},
        "save_properties": {"path": g.saved["properties"], "properties": g.fits, "provenance": None},
        "save_scores": {"scores": g.scores, "path_csv": g.saved["scores"], "provenance": None},
        "load_stimuli": {"folder": g.folder, "degrees": None, "name": None},
        "place_image": {"image": g.stimuli.images[0], "stimulus_degrees": 4.0, "model_degrees": 8.0},
    }


READER = """
import numpy as np, pandas as pd, brainconv as bc
def read(row, paths):
    images = np.zeros((3, 4, 4, 3), np.uint8)
    stimuli = bc.StimulusSet(row.name, ["a", "b", "c"], images, row.degrees)
    return bc.Recording(row.name, stimuli, np.load(paths["responses"]), pd.DataFrame({"area": ["V4"]}), row.unit)
"""


def write_registry(folder: Path) -> Path:
    """A recording of one's own, whose files are here."""
    (folder / "my_reader.py").write_text(READER)
    np.save(folder / "responses.npy", np.arange(6.0).reshape(3, 2, 1))
    row = {"title": "Mine", "species": "macaque", "doi": None, "citation": "Me (2026).", "licence": "CC0"}
    row |= {
        "kind": "responses",
        "areas": ["V4"],
        "n_sites": 1,
        "n_stimuli": 3,
        "degrees": 4,
        "unit": "spikes/s",
        "time_window": [70, 170],
    }
    row |= {"reader": "my_reader.py:read", "files": {"responses": {"path": "responses.npy"}}}
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({"mine2026": {"recordings": {"mine2026": row}}}, sort_keys=False))
    return path


def save_all(g: SimpleNamespace, folder: Path) -> dict[str, Path]:
    """A file of every container."""
    from brainconv import io

    names = {"layers": "nc", "recording": "nc", "rdms": "nc", "properties": "nc", "scores": "csv"}
    paths = {name: folder / f"{name}.{suffix}" for name, suffix in names.items()}
    io.save_representations(paths["layers"], g.layers)
    io.save_recording(paths["recording"], g.recording)
    io.save_rdms(paths["rdms"], g.rdms)
    io.save_properties(paths["properties"], g.fits)
    io.save_scores(g.scores, paths["scores"])
    return paths


def public() -> dict[str, Callable[..., Any]]:
    """Every public function and class, by its name (and package where two share a name)."""
    found: dict[str, Callable[..., Any]] = {}
    for package in PACKAGES:
        module = import_module(f"brainconv{package}")
        for name in module.__all__:
            value = getattr(module, name)
            if callable(value) and name not in RESULTS | OTHERS and not isinstance(value, dict):
                key = f"{name} {package[1:]}" if name == "compare_models" else name
                found[key] = value
    return found


FUNCTIONS = public()


@pytest.fixture(scope="session")
def arguments(good: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    import torch
    from PIL import Image

    from brainconv.io import RemoteFile
    from brainconv.physiology import RINGACH_NX_NY
    from brainconv.similarity import score_measures

    folder = tmp_path_factory.mktemp("stimuli")
    Image.fromarray(good.stimuli.images[0]).save(folder / "a.png")
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.LazyLinear(5))
    module(torch.zeros(1, 3, 32, 32))
    model = bc.wrap_model(module, name="M", input_size=32)
    measures = score_measures(good.layers, good.rdms, n_boot=0)
    registry = write_registry(tmp_path_factory.mktemp("recordings"))
    saved = save_all(good, tmp_path_factory.mktemp("saved"))
    remote = RemoteFile("a.bin", "https://example.org/a.bin", bytes=1)
    (folder.parent / "x").mkdir()
    (folder.parent / "x" / "a.bin").write_bytes(b"1")
    more = {
        "saved": saved,
        "remote": remote,
        "registry": registry,
        "folder": folder,
        "module": module,
        "model": model,
        "measures": measures,
        "shapes": RINGACH_NX_NY,
    }
    return calls(SimpleNamespace(**{**vars(good), **more}))


def spoil(value: Any, right: Any) -> Any:
    """A wrong value that depends on the right one, where it is named by a word."""
    if isinstance(right, (np.ndarray, float)) and isinstance(value, str):
        array = np.asarray(right)
        makers: dict[str, Callable[[], Any]] = {
            "text": lambda: array.astype(str),
            "complex": lambda: array + 1j,
            "object": lambda: np.full(array.shape, None, dtype=object),
        }
        return makers[value]() if value in makers else value
    if isinstance(right, pd.DataFrame) and isinstance(value, str) and value == "twice":
        return pd.concat([right, right], axis=1)
    if isinstance(value, str) and value == "masked images":
        return np.ma.masked_greater(right, 200)
    return value


def wrong_values(name: str, parameter: inspect.Parameter) -> Iterator[Any]:
    bare = name.split(maxsplit=1)[0]
    kind = SPECIAL.get((name, parameter.name)) or SPECIAL.get((bare, parameter.name)) or KIND_OF.get(parameter.name)
    assert kind is not None, f"{name}({parameter.name}): say in SPECIAL or NAMES what kind of parameter it is"
    for value in KINDS[kind] if isinstance(kind, str) else kind:
        if value is None and parameter.default is None:
            continue
        if any(type(value) is type(one) and value == one for one in ALLOWED.get((bare, parameter.name), ())):
            continue
        yield value


def show(value: Any) -> str:
    try:
        return f"{value!r:.70}"
    except ValueError:
        return "a huge number"


def shaped(name: str, right: Any) -> Iterator[Any]:
    """Arrays of another shape, or with labels of others."""
    if isinstance(right, np.ndarray) and right.ndim and right.dtype.kind == "f":
        if name not in ELEMENTWISE:
            yield right[None]
        if name not in ELEMENTWISE | EMPTY:
            yield right[:0]
        yield xr.DataArray(right, dims=[f"axis {k}" for k in range(right.ndim)])
        if right.ndim == 2:
            yield pd.DataFrame(right, index=[f"no stimulus {k}" for k in range(len(right))])


TRIED: dict[str, int] = {}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_wrong_values_end_in_a_sentence(name: str, arguments: dict[str, dict[str, Any]]) -> None:
    function, right = FUNCTIONS[name], arguments[name]
    parameters = {
        key: one for key, one in inspect.signature(function).parameters.items() if one.kind is not one.VAR_KEYWORD
    }
    assert set(right) == set(parameters), f"give {name} good values of {set(parameters) ^ set(right)}"
    failures = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        function(**right)
        for key, parameter in parameters.items():
            for value in [*wrong_values(name, parameter), *shaped(name, right[key])]:
                TRIED[name] = TRIED.get(name, 0) + 1
                shown = f"{name}({key}={show(spoil(value, right[key]))})"
                try:
                    function(**{**right, key: spoil(value, right[key])})
                except BrainconvError as error:
                    if not re.fullmatch(r"\S.{15,700}[.)…]", str(error), flags=re.DOTALL):
                        failures.append(f"{shown}: no sentence: {error}")
                except Exception as error:
                    failures.append(f"{shown}: {type(error).__name__}: {str(error)[:120]}")
                else:
                    failures.append(f"{shown}: accepted")
    assert not failures, f"{len(failures)} of {TRIED[name]}:\n" + "\n".join(failures)


def test_the_walk_is_long_and_whole(record_property: Callable[[str, object], None]) -> None:
    unknown = set(FUNCTIONS) ^ set(TRIED)
    if unknown == set(FUNCTIONS):
        pytest.skip("counts what the walk tried; run the whole file")
    assert not unknown
    record_property("wrong values tried", sum(TRIED.values()))  # 7,179 in 128 functions when this was written
    assert sum(TRIED.values()) > 7000
