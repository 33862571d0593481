# One forward pass per model and stimulus set; every layer becomes one n × n Gram matrix.


rule extract:
    input:
        recording=lambda wildcards: f"results/recordings/{DATASETS[wildcards.dataset]['recordings'][0]}.nc",
        weights=lambda wildcards: weights_of(wildcards.model),
    output:
        "results/representations/{model}/{dataset}.nc",
    log:
        "results/logs/extract/{model}/{dataset}.log",
    benchmark:
        "results/benchmarks/extract/{model}/{dataset}.tsv"
    # first, so that jobs of one thread share the cores afterwards instead of keeping one from an extraction
    priority: 10
    conda:
        "../envs/brainconv.yaml"
    threads: 4
    resources:
        mem_mb=6000,
        gpu=int(config["device"] == "cuda"),
    params:
        spec=lambda wildcards: network_of(wildcards.model),
        input_size=lambda wildcards: DATASETS[wildcards.dataset]["input_size"],
        device=config["device"],
        scratch_gb=config["extraction"]["scratch_gb"],
        batch_size=config["extraction"]["batch_size"],
        units=config["extraction"]["units"],
        data_dir=config["data_dir"],
        registry=config["models_registry"],
        own=lambda wildcards: model_hash(wildcards.model),
        source=hash_source("brainconv.extraction", "brainconv.io.netcdf"),
    script:
        "../scripts/extract.py"
