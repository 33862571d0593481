"""Weight a model's layers, category RDMs and both to fit a recording's RDM, on held-out stimuli and subjects."""

from brainconv.io.netcdf import load_representations
from brainconv.io.provenance import inherit_provenance
from brainconv.io.tables import save_scores
from brainconv.pipeline.prepare import open_target
from brainconv.pipeline.reweighting import score_layers_and_categories

from _runtime import job

with job(snakemake):
    layers = load_representations(snakemake.input.representations)
    scores = score_layers_and_categories(
        layers,
        open_target(snakemake.input.recording),
        categories=snakemake.params.categories,
        estimator=snakemake.params.estimator,
        random_state=snakemake.params.seed,
    )
    provenance = inherit_provenance(layers, seed=snakemake.params.seed)
    save_scores(scores, snakemake.output.scores, provenance=provenance)
