"""Make sure that a model's weights are at hand, and note their hash."""

from brainconv.io.manifest import save_manifest
from brainconv.pipeline.prepare import check_layer_names, load_configured_model

from _runtime import job

with job(snakemake):
    check_layer_names(snakemake.params.spec, registry=snakemake.params.registry)
    model = load_configured_model(
        snakemake.params.spec, data_dir=snakemake.params.data_dir, registry=snakemake.params.registry, device="cpu"
    )
    save_manifest(snakemake.output[0], {"model": model.name, "weights": model.weights, "sha256": model.weights_sha256})
