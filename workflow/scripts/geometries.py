"""Test layers and models against each other by representational similarity with one recording."""

from pathlib import Path

from brainconv.io.netcdf import load_representations
from brainconv.io.provenance import collect_provenance
from brainconv.io.tables import open_scores, save_scores
from brainconv.pipeline.comparisons import find_twins
from brainconv.pipeline.geometries import compare_geometries
from brainconv.pipeline.prepare import open_target

from _runtime import job

with job(snakemake):
    found = compare_geometries(
        {Path(path).parent.name: load_representations(path) for path in snakemake.input.representations},
        {Path(path).parent.name: open_scores(path) for path in snakemake.input.scores},
        open_target(snakemake.input.recording),
        twins=find_twins(snakemake.params.models),
        estimator=snakemake.params.settings["estimator"],
        target_estimator=snakemake.params.settings["target_estimator"],
        comparator=snakemake.params.settings["comparators"][0],
        n_boot=snakemake.params.settings["n_boot"],
        random_state=snakemake.params.seed,
    )
    save_scores(found, snakemake.output.scores, provenance=collect_provenance(seed=snakemake.params.seed))
