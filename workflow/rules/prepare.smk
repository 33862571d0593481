# Recordings and weights: fetched from their authors (or found in the data folder), simulated, or trained on the spot.


rule fetch_recording:
    output:
        "results/fetched/{recording}.json",
    log:
        "results/logs/fetch_recording/{recording}.log",
    conda:
        "../envs/brainconv.yaml"
    params:
        dataset=lambda wildcards: DATASET_OF.get(
            wildcards.recording, wildcards.recording
        ),
        data_dir=config["data_dir"],
        registry=config["recordings_registry"],
        own=lambda wildcards: recording_hash(wildcards.recording),
        source=hash_source("brainconv.recordings.load", "brainconv.io.manifest"),
    script:
        "../scripts/fetch_recording.py"


rule fetch_weights:
    output:
        "results/fetched/weights/{model}.json",
    log:
        "results/logs/fetch_weights/{model}.log",
    conda:
        "../envs/brainconv.yaml"
    params:
        spec=lambda wildcards: network_of(wildcards.model),
        data_dir=config["data_dir"],
        registry=config["models_registry"],
        own=lambda wildcards: model_hash(wildcards.model),
        source=hash_source("brainconv.models.load", "brainconv.io.manifest"),
    script:
        "../scripts/fetch_weights.py"


rule train_quickstart:
    output:
        "results/models/quickstart.safetensors",
    log:
        "results/logs/train_quickstart.log",
    benchmark:
        "results/benchmarks/train_quickstart.tsv"
    conda:
        "../envs/brainconv.yaml"
    threads: 1
    resources:
        mem_mb=3000,
    params:
        seed=config["seed"],
        source=hash_source("brainconv.models.quickstart"),
    script:
        "../scripts/train_quickstart.py"


rule prepare_recording:
    input:
        lambda wildcards: source_of(wildcards.recording),
    output:
        "results/recordings/{recording}.nc",
    log:
        "results/logs/prepare_recording/{recording}.log",
    conda:
        "../envs/brainconv.yaml"
    threads: 1
    resources:
        mem_mb=3000,
    params:
        dataset=lambda wildcards: preparation_of(wildcards.recording),
        models=lambda wildcards: generator_of(wildcards.recording),
        seed=config["seed"],
        data_dir=config["data_dir"],
        registry=config["recordings_registry"],
        models_registry=config["models_registry"],
        own=lambda wildcards: recording_hash(wildcards.recording),
        source=hash_source("brainconv.pipeline.prepare"),
    script:
        "../scripts/prepare_recording.py"
