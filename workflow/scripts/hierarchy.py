"""Test whether the order of one model's layers follows the order of the areas of a data set."""

from brainconv.io.provenance import collect_provenance
from brainconv.io.tables import open_scores, save_scores
from brainconv.pipeline.comparisons import order_areas_by_depth

from _runtime import job

with job(snakemake):
    scores = order_areas_by_depth([open_scores(path) for path in snakemake.input], seed=snakemake.params.seed)
    save_scores(scores, snakemake.output.scores, provenance=collect_provenance(seed=snakemake.params.seed))
