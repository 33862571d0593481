"""What is written under the figures of a report: what is shown, with which interval and which ceiling."""

HEADS = {
    "predictivity": "Linear predictivity",
    "brainscore": "Brain-Score's procedure",
    "rsa": "Representational similarity",
}

INTRODUCTIONS = {
    "rsa": "Every layer's representational dissimilarity matrix (RDM) is compared with the recording's, "
    "over the same stimuli.",
    "predictivity": "Every site's responses are predicted linearly from every layer, at its full width, "
    "for stimuli that the fit has not seen.",
    "brainscore": "The same recordings by Brain-Score's procedure: partial least squares with 25 components as "
    "scikit-learn stops them, ten random draws of 90 % training and 10 % test stimuli, median over sites of each draw, "
    "mean over draws. `r2/ceiling` is what Brain-Score calls the score since 2026. The data are not those of its "
    "benchmarks, so that the numbers compare models here and not with its leader board.",
    "first_layer": "Filters, with the input normalisation undone, are reduced to one colour direction times one "
    "spatial profile, to which a Gabor function is fitted.",
}

DIFFERENT_STIMULI = "Areas were recorded with different stimuli: their order is not interpretable."

BEST = {
    "rsa": "Similarity of each model's most similar layer, a plain maximum on the same data. "
    "Bars: 95 % bootstrap over stimuli.",
    "brainscore": "Median over sites of r, mean over draws, at each model's best layer, a plain maximum on the same "
    "data. Bars: 95 % bootstrap over stimuli and sites, centred on the estimate.",
    "predictivity": "Median over sites of cross-validated r at each model's best layer, a plain maximum on the same "
    "data. Bars: 95 % bootstrap over stimuli and sites, centred on the estimate.",
}

PROFILES = {
    "rsa": "Similarity of each layer's RDM and the recording's, in order of execution. "
    "Intervals: 95 % bootstrap over stimuli.",
    "brainscore": "Pearson r on the test stimuli of each draw; median over sites, mean over draws. "
    "Intervals: 95 % bootstrap over stimuli and sites, centred on the estimate.",
    "predictivity": "Cross-validated Pearson r, per fold and site, averaged over folds; median over sites. "
    "Intervals: 95 % bootstrap over stimuli and sites, centred on the estimate.",
}

_REACHABLE = "Grey: the largest r that a noise-free model can reach, the root of the split-half reliability "
"(95 % interval)."

CEILINGS = {
    "rsa": "Grey: noise ceiling, from each subject's similarity to the mean of the others (lower bound) and of all "
    "(upper bound).",
    "brainscore": _REACHABLE,
    "predictivity": _REACHABLE,
}

RECOVERY = (
    "Score of every layer for every simulated area. Outlined: the layer that made the recording; dot: the layer found."
)

RDM_PICTURES = (
    "Dissimilarities of all pairs of stimuli, ranked within each matrix: the recording at the left, then each model's "
    "most similar layer."
)

SITES = (
    "Each dot is a site. Line: the root of the reliability, which a noise-free model reaches on average; "
    "above it is sampling noise."
)

SHAPE_PLANE = (
    "Width (n_x) and length (n_y) of the envelope in periods, for filters above the noise gate. Shading: macaque V1 "
    "simple cells, as published in bins (Ringach 2002). The cells were measured with achromatic stimuli, so that "
    "achromatic filters compare."
)

FILTERS = (
    "Each filter beside its Gabor fit, best first, with R². The gate is the R² that 5 % of noise filters of the same "
    "size exceed after the same colour reduction and starts; filters below it are not called Gabor-like."
)

BEST_TABLE = (
    "Best layer of each model, a plain maximum over layers on the same data (the layer chosen inside the training "
    "folds stands in the score tables). Brackets: 95 % bootstrap interval."
)

RECORDINGS_TABLE = (
    "Recordings. Degrees: width of a stimulus; empty means that it is not known and the stimulus filled the network's "
    "input. Repeats: empty where only averages are published. Noise: that of a simulated recording."
)

LAYERS_TABLE = "Layers in their order of execution; units at the largest input of this run."

SITE_TABLE = "Cross-validated r of every site: mean over test folds of Pearson's r."

FIRST_LAYER_TABLE = (
    "First-layer filters in numbers. Brackets: 95 % interval over filters; for the floor of the shape distance, the "
    "middle 95 % of permutations. Shape distance: total variation between filters and V1 cells over the published bins "
    "(0: the same, 1: apart); its floor is what two samples of these sizes from one distribution have."
)

BANDWIDTHS = (
    "Half-width at 1/√2 of the peak of orientation tuning. Cells: measured with gratings (mean rates). Filters: "
    "predicted from n_x and n_y of the Gabor fits, for achromatic, oriented filters above the gate. Amplitudes of a "
    "linear filter and firing rates differ by the cells' output nonlinearity, which is not modelled here."
)

BRAINSCORE_TABLE = (
    "Brain-Score's number: the best layer of each model, a plain maximum over layers as on its leader board, over the "
    "ceiling from even and odd repeats (Cowley2026), from ten halves of the repeats (its older ones) and "
    "over ours (`r2/ceiling`: 100 random halves of each stimulus' own repeats). Only recordings with repeats have one."
)

REWEIGHTING = (
    "Non-negative weights of the RDMs of all layers, of category RDMs, and of both, fitted to pairs of training "
    "stimuli; tau-a on pairs of held-out stimuli and, with several subjects, in a left-out subject; mean over random "
    "splits. Grey: noise ceiling on the same stimuli. No intervals: splits share stimuli. After Khaligh-Razavi & "
    "Kriegeskorte (2014), with category RDMs in place of their support vector machines."
)

KNOWN = (
    "Published values, and values that were re-derived from the same files by other code, beside those of this run. "
    "What differs is shown as it is."
)

KNOWN_TABLE = "Reproduced: within the tolerance that was set before this run. The same rows: `tables/reproduction.csv`."

MAPPING_TABLE = (
    "Mapping ceilings: the recording predicted from recorded sites instead of a layer, with the same regression and "
    "splits. What a linear map from finitely many noisy sites reaches may lie far below the noise ceiling."
)

HIERARCHY_TABLE = (
    "Whether the order of layers follows the order of areas: rank correlation, over sites, of the preferred depth and "
    "the area's place; one-sided p, the larger of a permutation of the sites' areas and of Student's t."
)

MAP = (
    "Each stimulus in a plane in which distances are as near to the dissimilarities as can be (metric multidimensional "
    "scaling), the second map turned onto the first. Stress: how far the plane's distances are off (0: not at all); at "
    "this number of stimuli most of a geometry does not fit into a plane, so that maps illustrate and do not test."
)

MEASURES_PANEL = (
    "The same layers by every measure of similarity. Colour: place within the row; outlined: the best. Comparators of "
    "RDMs above, measures of patterns below; procrustes is a distance."
)

AGREEMENT_TABLE = (
    "How much the order of layers and models depends on the measure: Spearman's rho with the order by rho-a, over the "
    "layers of all models, and the layer that each measure puts first."
)

DIMENSIONS_TABLE = (
    "Effective dimensionality of each layer over these stimuli: the participation ratio, corrected for their number "
    "(brackets: 95 %, jackknife over 20 groups of stimuli). Spectral slope: exponent of the power law of the "
    "eigenvalues, which falls off too fast in small samples."
)

CROSS_VALIDATED_TABLE = (
    "Squared distances of each layer and cross-validated squared distances of the area, Pearson's r over pairs of "
    "stimuli: noise does not bias them, so that there is a ceiling for one animal. It bounds a model of these very "
    "sites, and says nothing about other sites or animals."
)

MATRIX = (
    "Every layer beside every area that was recorded with the same stimuli; brackets: 95 % interval; outlined: the "
    "best layer of each area, a plain maximum."
)

BETWEEN_TABLE = (
    "Similarity of the areas' RDMs (means over subjects) with one another; brackets: 95 % bootstrap over stimuli."
)

DISSOCIATION_TABLE = (
    "Double dissociation: each area's best layer minus the best layer of the other area, both chosen on the other half "
    "of the stimuli (random splits); both differences must lie above 0. p: one-sided, Student's t on resampled "
    "stimuli; q: the larger p of the two, corrected over models and pairs of areas after Benjamini and Hochberg."
)
