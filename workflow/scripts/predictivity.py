"""Predict one recording's sites from one model's layers."""

from brainconv.io.netcdf import load_representations
from brainconv.io.provenance import inherit_provenance
from brainconv.io.tables import save_scores
from brainconv.pipeline.prepare import open_target
from brainconv.predictivity import score_predictivity

from _runtime import job

with job(snakemake):
    layers = load_representations(snakemake.input.representations)
    scores = score_predictivity(
        layers,
        open_target(snakemake.input.recording),
        **snakemake.params.settings,
        random_state=snakemake.params.seed,
    )
    provenance = inherit_provenance(layers, seed=snakemake.params.seed)
    save_scores(scores, snakemake.output.scores, provenance=provenance)
