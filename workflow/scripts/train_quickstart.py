"""Train the quickstart's small network on crops of photographs."""

import torch  # noqa: F401  (so that the job's thread count is set before training)

from brainconv.models.quickstart import save_quickstart, train_quickstart

from _runtime import job

with job(snakemake):
    save_quickstart(snakemake.output[0], train_quickstart(random_state=snakemake.params.seed))
