"""Sentences for each method that a score table can name, and the papers they cite."""

from __future__ import annotations

ESTIMATORS: dict[str, str] = {
    "correlation": (
        "Dissimilarity of two stimuli is 1 − Pearson's r of their activation patterns (correlation distance)."
    ),
    "cosine": "Dissimilarity of two stimuli is 1 − the cosine of their activation patterns.",
    "cosine_centred": (
        "Dissimilarity of two stimuli is 1 − the cosine of their activation patterns after the mean pattern over "
        "stimuli was taken from both."
    ),
    "euclidean": "Dissimilarity of two stimuli is the Euclidean distance of their activation patterns.",
    "sqeuclidean_per_unit": (
        "Dissimilarity of two stimuli is the squared Euclidean distance of their activation patterns, per unit."
    ),
    "mahalanobis": (
        "Dissimilarity of two stimuli is the squared Mahalanobis distance of their mean responses, with the shrunk "
        "covariance of the repeats' residuals; noise biases it upwards."
    ),
    "crossnobis": (
        "Dissimilarity of two stimuli is the cross-validated Mahalanobis distance (crossnobis), in which noise of "
        "different repeats averages out; it may lie below 0 (Walther et al. 2016)."
    ),
    "cv_sqeuclidean_per_unit": (
        "Dissimilarity of two stimuli is the cross-validated squared Euclidean distance of their responses, per site: "
        "products of different repeats only, so that noise does not bias it (Walther et al. 2016)."
    ),
    "poisson": (
        "Dissimilarity of two stimuli is the symmetrised Kullback–Leibler divergence of Poisson responses with their "
        "mean rates."
    ),
}

COMPARATORS: dict[str, str] = {
    "pearson": "RDMs were compared by Pearson's r over pairs of stimuli.",
    "cosine": "RDMs were compared by their cosine over pairs of stimuli.",
    "spearman": "RDMs were compared by Spearman's rank correlation over pairs of stimuli.",
    "rho-a": (
        "RDMs were compared by rho-a, Spearman's rank correlation in expectation over random breaking of ties "
        "(Schütt et al. 2023)."
    ),
    "tau-a": ("RDMs were compared by Kendall's tau-a, which does not favour RDMs with ties (Nili et al. 2014)."),
    "tau-b": "RDMs were compared by Kendall's tau-b, which favours RDMs with ties.",
    "whitened-corr": (
        "RDMs were compared by the whitened correlation, which undoes the covariance of pairs that share a stimulus "
        "(Diedrichsen et al. 2021)."
    ),
    "whitened-cosine": (
        "RDMs were compared by the whitened cosine, which undoes the covariance of pairs that share a stimulus "
        "(Diedrichsen et al. 2021)."
    ),
    "bures": (
        "RDMs were compared by the normalised Bures similarity of the Gram matrices that belong to them, the "
        "dissimilarities taken for squared distances."
    ),
    "neg-riemannian": (
        "RDMs were compared by the negative Riemannian distance of the Gram matrices that belong to them, the "
        "dissimilarities taken for squared distances."
    ),
}

#: Measures of patterns, beside the comparators of RDMs.
MEASURES: dict[str, str] = {
    "cka": "`cka` is linear centred kernel alignment, above 0 for unrelated layers (Kornblith et al. 2019).",
    "cka-debiased": "`cka-debiased` is the same with unbiased estimates, 0 on average for unrelated layers.",
    "procrustes": (
        "`procrustes` is the squared Procrustes distance, 2 − 2 · the normalised Bures similarity (Williams et al. "
        "2021)."
    ),
    "bures of patterns": (
        "`bures of patterns` is the normalised Bures similarity of layer and responses, the cosine of their Procrustes "
        "angle."
    ),
    "pearson, cross-validated": (
        "`pearson, cross-validated` compares squared Euclidean distances of a layer with cross-validated ones of the "
        "area, whose ceiling for one animal comes from disjoint halves of its repeats."
    ),
}

STATISTICS: dict[str, str] = {
    "mean over subjects": (
        "Each subject's RDM was compared with the layer's, and the values were averaged over subjects."
    ),
    "mean RDM": "The mean of the subjects' RDMs was compared with the layer's.",
    "single RDM": "There is one RDM of the area, which was compared with the layer's.",
    "median over sites, mean over splits": (
        "The correlation was computed on the test stimuli of each split, its median taken over sites, and the medians "
        "averaged over splits."
    ),
    "median over sites": (
        "The correlation was computed on the test stimuli of each fold, averaged over folds, and its median taken over "
        "sites."
    ),
    "mean over sites": "The mean over sites stands beside the median, because differences are tested on means.",
}

REGRESSIONS: dict[str, str] = {
    "ridge": (
        "The read-out is ridge regression with an intercept (Hoerl and Kennard 1970); its penalty was chosen for "
        "each site and fold by leave-one-out error inside the training stimuli, or by leaving whole groups out where "
        "splits keep groups whole."
    ),
    "pls": (
        "The read-out is partial least squares with {} components (Wold et al. 2001), fitted to all sites of an area "
        "at once; units were centred and not scaled."
    ),
    "pls-sklearn": (
        "The read-out is partial least squares with {} components (Wold et al. 2001), fitted to all sites of an area "
        "at once; units were centred and not scaled. The weights are those at which scikit-learn's power iteration "
        "stops (a squared change below 1e-6, at most 500 steps), as in Brain-Score; they depend on the order of sites."
    ),
    "pcr": "The read-out is ordinary least squares on the first {} principal components of the training stimuli.",
}

DEFINITIONS: dict[str, str] = {
    "r": "`r` is Pearson's correlation of predicted and measured responses.",
    "r2": "`r2` is r·|r|.",
    "r/sqrt(ceiling)": "`r/sqrt(ceiling)` is the median r over the root of the median reliability.",
    "r2/ceiling": (
        "`r2/ceiling` is r·|r| over the reliability, the explained part of the explainable variance "
        "(Brain-Score since 2026)."
    ),
    "(r/ceiling)2": (
        "`(r/ceiling)2` is the square of r over the reliability (Brain-Score before 2026), in which a perfect model "
        "scores above 1."
    ),
    "CCnorm": (
        "`CCnorm` is the median r over the largest r of a noise-free model as signal power gives it "
        "(Schoppe et al. 2016)."
    ),
    "r2/ceiling (even/odd)": (
        "`r2/ceiling (even/odd)` is r·|r| over the reliability between even and odd repeats, doubled: the "
        "ceiling of Brain-Score's Cowley2026."
    ),
    "r2/ceiling (ten halves)": (
        "`r2/ceiling (ten halves)` is r·|r| over the reliability between random halves of the repeats (ten draws, the "
        "same repeats of every stimulus), doubled, the ceiling of Brain-Score's older benchmarks."
    ),
    "r2/ceiling (NSD)": (
        "`r2/ceiling (NSD)` is r·|r| over the reliability that signal power gives, the noise ceiling "
        "ncsnr² / (ncsnr² + 1/repeats) (Allen et al. 2022)."
    ),
    "FEVE": (
        "`FEVE` is the explained over the explainable share of the variance of single repeats, each the median over "
        "sites (Cadena et al. 2019)."
    ),
}

UNITS: dict[str, str] = {
    "raw": "Units were used as they are.",
    "zscored": "Units were z-scored over all stimuli.",
    "spatial_mean": "Units are the channels' means over positions.",
}

#: The words by which the text cites a paper, and the rest of the entry.
REFERENCES: dict[str, str] = {
    "Brown 1910": (
        "Some experimental results in the correlation of mental abilities, British Journal of Psychology "
        "3:296–322, doi:10.1111/j.2044-8295.1910.tb00207.x"
    ),
    "Allen et al. 2022": (
        "A massive 7T fMRI dataset to bridge cognitive neuroscience and artificial intelligence, Nature Neuroscience "
        "25:116–126, doi:10.1038/s41593-021-00962-x"
    ),
    "Benjamini and Hochberg 1995": (
        "Controlling the false discovery rate: a practical and powerful approach to multiple testing, "
        "Journal of the Royal Statistical Society B 57:289–300, doi:10.1111/j.2517-6161.1995.tb02031.x"
    ),
    "Cadena et al. 2019": (
        "Deep convolutional models improve predictions of macaque V1 responses to natural images, PLoS Computational "
        "Biology 15:e1006897, doi:10.1371/journal.pcbi.1006897"
    ),
    "Diedrichsen et al. 2021": (
        "Comparing representational geometries using whitened unbiased-distance-matrix similarity, Neurons, Behavior, "
        "Data analysis, and Theory 5(3), doi:10.51628/001c.27664"
    ),
    "Efron and Stein 1981": (
        "The jackknife estimate of variance, Annals of Statistics 9:586–596, doi:10.1214/aos/1176345462"
    ),
    "Hoerl and Kennard 1970": (
        "Ridge regression: biased estimation for nonorthogonal problems, Technometrics 12:55–67, "
        "doi:10.1080/00401706.1970.10488634"
    ),
    "Khaligh-Razavi and Kriegeskorte 2014": (
        "Deep supervised, but not unsupervised, models may explain IT cortical representation, PLoS Computational "
        "Biology 10:e1003915, doi:10.1371/journal.pcbi.1003915"
    ),
    "Kornblith et al. 2019": "Similarity of neural network representations revisited, ICML, arXiv:1905.00414",
    "Kriegeskorte et al. 2008": (
        "Representational similarity analysis – connecting the branches of systems neuroscience, "
        "Frontiers in Systems Neuroscience 2:4, doi:10.3389/neuro.06.004.2008"
    ),
    "Nili et al. 2014": (
        "A toolbox for representational similarity analysis, PLoS Computational Biology 10:e1003553, "
        "doi:10.1371/journal.pcbi.1003553"
    ),
    "Ringach 2002": (
        "Spatial structure and symmetry of simple-cell receptive fields in macaque primary visual cortex, "
        "Journal of Neurophysiology 88:455–463, doi:10.1152/jn.2002.88.1.455"
    ),
    "Schoppe et al. 2016": (
        "Measuring the performance of neural models, Frontiers in Computational Neuroscience 10:10, "
        "doi:10.3389/fncom.2016.00010"
    ),
    "Schrimpf et al. 2018": (
        "Brain-Score: which artificial neural network for object recognition is most brain-like?, "
        "bioRxiv, doi:10.1101/407007"
    ),
    "Schütt et al. 2023": (
        "Statistical inference on representational geometries, eLife 12:e82566, doi:10.7554/eLife.82566"
    ),
    "Spearman 1910": (
        "Correlation calculated from faulty data, British Journal of Psychology 3:271–295, "
        "doi:10.1111/j.2044-8295.1910.tb00206.x"
    ),
    "Walther et al. 2016": (
        "Reliability of dissimilarity measures for multi-voxel pattern analysis, NeuroImage 137:188–200, "
        "doi:10.1016/j.neuroimage.2015.12.012"
    ),
    "Williams et al. 2021": "Generalized shape metrics on neural representations, NeurIPS, arXiv:2110.14739",
    "Wold et al. 2001": (
        "PLS-regression: a basic tool of chemometrics, Chemometrics and Intelligent Laboratory Systems 58:109–130, "
        "doi:10.1016/S0169-7439(01)00155-1"
    ),
    "Yamins et al. 2014": (
        "Performance-optimized hierarchical models predict neural responses in higher visual cortex, "
        "PNAS 111:8619–8624, doi:10.1073/pnas.1403112111"
    ),
}
