"""Test, for each model, whether the order of its layers follows the order of the areas of a data set."""

from pathlib import Path

from brainconv.io.provenance import collect_provenance
from brainconv.io.tables import open_scores, save_scores
from brainconv.pipeline.comparisons import order_areas_by_depth
from brainconv.pipeline.gather import join_scores

from _runtime import job

with job(snakemake):
    models = {}
    for path in snakemake.input.scores:
        models.setdefault(Path(path).parent.name, []).append(open_scores(path))
    scores = join_scores(order_areas_by_depth(parts, seed=snakemake.params.seed) for parts in models.values())
    save_scores(scores, snakemake.output.scores, provenance=collect_provenance(seed=snakemake.params.seed))
