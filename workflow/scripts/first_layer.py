"""Fit Gabors to one model's first-layer filters."""

import torch  # noqa: F401  (so that the job's thread count is set)

from brainconv.io.tables import save_scores
from brainconv.pipeline.first_layer import measure_first_layer, save_first_layer
from brainconv.pipeline.prepare import load_configured_model

from _runtime import job

with job(snakemake):
    model = load_configured_model(
        snakemake.params.spec, data_dir=snakemake.params.data_dir, registry=snakemake.params.registry, device="cpu"
    )
    measured, scores = measure_first_layer(model, **snakemake.params.settings, random_state=snakemake.params.seed)
    save_scores(scores, snakemake.output.scores)
    save_first_layer(snakemake.output.fits, measured)
