"""Extract every layer of one model for one stimulus set, in as few passes as the scratch budget allows."""

import torch  # noqa: F401  (so that the job's thread count is set)

from brainconv.extraction import extract
from brainconv.io.netcdf import save_representations
from brainconv.pipeline.prepare import load_configured_model, open_target

from _runtime import job

with job(snakemake):
    settings = snakemake.params
    model = load_configured_model(
        settings.spec, device=settings.device, data_dir=settings.data_dir, registry=settings.registry
    )
    representations = extract(
        model,
        open_target(snakemake.input.recording).stimuli,
        batch_size=settings.batch_size,
        units=settings.units,
        input_size=settings.input_size,
        scratch_bytes=None if settings.scratch_gb is None else int(settings.scratch_gb * 1e9),
    )
    save_representations(snakemake.output[0], representations)
