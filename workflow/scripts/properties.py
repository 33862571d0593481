"""Summarise the measured properties of cells."""

from brainconv.io.netcdf import open_properties
from brainconv.io.provenance import collect_provenance
from brainconv.io.tables import save_scores
from brainconv.pipeline.properties import summarise_properties

from _runtime import job

with job(snakemake):
    scores = summarise_properties(open_properties(snakemake.input[0]), random_state=snakemake.params.seed)
    save_scores(scores, snakemake.output.scores, provenance=collect_provenance(seed=snakemake.params.seed))
