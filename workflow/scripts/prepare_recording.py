"""Write one recording, read or simulated, with its stimuli, as every later rule reads it."""

from brainconv.pipeline.prepare import prepare_recording, save_target

from _runtime import job

with job(snakemake):
    target = prepare_recording(
        snakemake.wildcards.recording,
        snakemake.params.dataset,
        models=snakemake.params.models,
        random_state=snakemake.params.seed,
        data_dir=snakemake.params.data_dir,
        registry=snakemake.params.registry,
        models_registry=snakemake.params.models_registry,
    )
    save_target(snakemake.output[0], target, seed=snakemake.params.seed)
