"""Test the models of a run against each other on one recording."""

from pathlib import Path

from brainconv.io.provenance import collect_provenance
from brainconv.io.tables import open_scores, save_scores
from brainconv.pipeline.comparisons import compare_predictivity, find_replicates, find_twins

from _runtime import job

with job(snakemake):
    scores = {Path(path).parent.name: open_scores(path) for path in snakemake.input.scores}
    models = snakemake.params.models
    found = compare_predictivity(scores, find_twins(models), replicates=find_replicates(models))
    save_scores(found, snakemake.output.scores, provenance=collect_provenance(seed=snakemake.params.seed))
