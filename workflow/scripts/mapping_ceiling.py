"""Predict a recording from recorded sites instead of a network's layers."""

from brainconv.io.provenance import collect_provenance
from brainconv.io.tables import save_scores
from brainconv.pipeline.mapping import measure_mapping_ceilings
from brainconv.pipeline.prepare import open_target

from _runtime import job

with job(snakemake):
    scores = measure_mapping_ceilings(
        open_target(snakemake.input.recording),
        **snakemake.params.settings,
        random_state=snakemake.params.seed,
    )
    save_scores(scores, snakemake.output.scores, provenance=collect_provenance(seed=snakemake.params.seed))
