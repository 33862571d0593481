"""Compare one model's layers with one recording by representational similarity."""

from brainconv.io.netcdf import load_representations
from brainconv.io.provenance import inherit_provenance
from brainconv.io.tables import save_scores
from brainconv.pipeline.prepare import open_target
from brainconv.similarity import score_rsa

from _runtime import job

with job(snakemake):
    layers = load_representations(snakemake.input.representations)
    scores = score_rsa(
        layers,
        open_target(snakemake.input.recording),
        estimator=snakemake.params.settings["estimator"],
        target_estimator=snakemake.params.settings["target_estimator"],
        comparator=snakemake.params.settings["comparators"],
        n_boot=snakemake.params.settings["n_boot"],
        random_state=snakemake.params.seed,
    )
    provenance = inherit_provenance(layers, seed=snakemake.params.seed)
    save_scores(scores, snakemake.output.scores, provenance=provenance)
