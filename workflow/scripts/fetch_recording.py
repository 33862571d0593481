"""Download a recording, or find it in the data folder, and note which files it is made of."""

from brainconv.io.manifest import save_manifest
from brainconv.recordings import fetch_recording

from _runtime import job

without = ", ".join([*snakemake.config["without"], snakemake.params.dataset])
HINT = f"To go on without it, and have the report say so, add: --config without='[{without}]'"

with job(snakemake, HINT):
    files = fetch_recording(
        snakemake.wildcards.recording, data_dir=snakemake.params.data_dir, registry=snakemake.params.registry
    )
    save_manifest(snakemake.output[0], {"recording": snakemake.wildcards.recording, "files": sorted(files)})
