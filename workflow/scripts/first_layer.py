"""Fit Gabors to one model's first-layer filters."""

import torch  # noqa: F401  (so that the job's thread count is set)

from brainconv.io.provenance import collect_provenance
from brainconv.io.tables import save_scores
from brainconv.pipeline.first_layer import measure_first_layer, save_first_layer
from brainconv.pipeline.prepare import load_configured_model

from _runtime import job

with job(snakemake):
    model = load_configured_model(
        snakemake.params.spec, data_dir=snakemake.params.data_dir, registry=snakemake.params.registry, device="cpu"
    )
    measured, scores = measure_first_layer(model, **snakemake.params.settings, random_state=snakemake.params.seed)
    provenance = collect_provenance(weights_sha256=model.weights_sha256, seed=snakemake.params.seed, device="cpu")
    save_scores(scores, snakemake.output.scores, provenance=provenance)
    save_first_layer(snakemake.output.fits, measured, provenance=provenance)
