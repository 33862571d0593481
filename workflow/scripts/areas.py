"""Compare the areas of one stimulus set with one another, and look for layers that part them."""

from pathlib import Path

from brainconv.io.netcdf import load_representations
from brainconv.io.provenance import collect_provenance
from brainconv.io.tables import open_scores, save_scores
from brainconv.pipeline.areas import compare_areas, find_dissociations, split_areas
from brainconv.pipeline.gather import join_scores
from brainconv.pipeline.prepare import open_target

from _runtime import job

with job(snakemake):
    settings, seed = snakemake.params.settings, snakemake.params.seed
    shared = {"n_boot": settings["n_boot"], "random_state": seed}
    estimator, comparators = settings["estimator"], settings["comparators"]
    targets = [open_target(path) for path in snakemake.input.recordings]
    areas = split_areas(targets, estimator=settings["target_estimator"] or estimator)
    networks = {Path(path).parent.name: load_representations(path) for path in snakemake.input.representations}
    scores = {
        model: {
            Path(file).stem: open_scores(file) for file in snakemake.input.scores if Path(file).parent.name == model
        }
        for model in networks
    }
    parted = find_dissociations(networks, scores, areas, estimator=estimator, comparator=comparators[0], **shared)
    found = [compare_areas(areas, comparators=comparators, **shared), parted]
    save_scores(join_scores(found), snakemake.output.scores, provenance=collect_provenance(seed=seed))
