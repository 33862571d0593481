"""Compare every model's layers with one recording by every measure of similarity."""

from pathlib import Path

from brainconv.io.netcdf import load_representations
from brainconv.io.provenance import collect_provenance
from brainconv.io.tables import save_scores
from brainconv.pipeline.gather import join_scores
from brainconv.pipeline.measures import measure_geometry
from brainconv.pipeline.prepare import open_target

from _runtime import job

with job(snakemake):
    target = open_target(snakemake.input.recording)
    # the panel shows values; intervals of the tested numbers stand in the tables of rsa and comparisons
    n_boot = min(snakemake.params.settings["n_boot"], 200 if target.n_stimuli <= 500 else 100)
    scores = {}
    for path in snakemake.input.representations:
        model = Path(path).parent.name
        print(model, flush=True)  # noqa: T201
        scores["measures", model, target.name] = measure_geometry(
            load_representations(path),
            target,
            estimator=snakemake.params.settings["estimator"],
            target_estimator=snakemake.params.settings["target_estimator"],
            n_boot=n_boot,
            random_state=snakemake.params.seed,
        )
    provenance = collect_provenance(seed=snakemake.params.seed)
    save_scores(join_scores(scores.values()), snakemake.output.scores, provenance=provenance)
