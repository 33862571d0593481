"""Compare every model's layers with one recording by every measure of similarity."""

from pathlib import Path

from brainconv.io.netcdf import load_representations
from brainconv.io.provenance import collect_provenance
from brainconv.io.tables import save_scores
from brainconv.pipeline.measures import measure_geometries
from brainconv.pipeline.prepare import open_target

from _runtime import job

with job(snakemake):
    scores = measure_geometries(
        {Path(path).parent.name: load_representations(path) for path in snakemake.input.representations},
        open_target(snakemake.input.recording),
        estimator=snakemake.params.settings["estimator"],
        target_estimator=snakemake.params.settings["target_estimator"],
        n_boot=snakemake.params.settings["n_boot"],
        random_state=snakemake.params.seed,
    )
    save_scores(scores, snakemake.output.scores, provenance=collect_provenance(seed=snakemake.params.seed))
