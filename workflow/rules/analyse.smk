# Scores: representational similarity, linear predictivity and first-layer filters.


rule rsa:
    input:
        representations=lambda wildcards: f"results/representations/{wildcards.model}/{DATASET_OF[wildcards.recording]}.nc",
        recording="results/recordings/{recording}.nc",
    output:
        scores="results/rsa/{model}/{recording}.csv",
        details="results/rsa/{model}/{recording}.nc",
    log:
        "results/logs/rsa/{model}/{recording}.log",
    benchmark:
        "results/benchmarks/rsa/{model}/{recording}.tsv"
    conda:
        "../envs/brainconv.yaml"
    resources:
        mem_mb=4000,
    params:
        settings=lambda wildcards: settings_of("rsa", wildcards.recording),
        seed=config["seed"],
        source=hash_source("brainconv.similarity", "brainconv.io.tables"),
    script:
        "../scripts/rsa.py"


rule reweighting:
    input:
        representations=lambda wildcards: f"results/representations/{wildcards.model}/{DATASET_OF[wildcards.recording]}.nc",
        recording="results/recordings/{recording}.nc",
    output:
        scores="results/reweighting/{model}/{recording}.csv",
        details="results/reweighting/{model}/{recording}.nc",
    log:
        "results/logs/reweighting/{model}/{recording}.log",
    benchmark:
        "results/benchmarks/reweighting/{model}/{recording}.tsv"
    conda:
        "../envs/brainconv.yaml"
    resources:
        mem_mb=2000,
    params:
        categories=lambda wildcards: DATASETS[DATASET_OF[wildcards.recording]][
            "categories"
        ],
        estimator=lambda wildcards: settings_of("rsa", wildcards.recording)["estimator"],
        seed=config["seed"],
        source=hash_source("brainconv.pipeline.reweighting", "brainconv.io.tables"),
    script:
        "../scripts/reweighting.py"


rule measures:
    input:
        representations=lambda wildcards: representations_of(wildcards.recording),
        recording="results/recordings/{recording}.nc",
    output:
        scores="results/measures/{recording}.csv",
        details="results/measures/{recording}.nc",
    log:
        "results/logs/measures/{recording}.log",
    benchmark:
        "results/benchmarks/measures/{recording}.tsv"
    conda:
        "../envs/brainconv.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        # every comparator is taken, whichever are configured
        settings=lambda wildcards: {
            key: value
            for key, value in settings_of("rsa", wildcards.recording).items()
            if key != "comparators"
        },
        seed=config["seed"],
        source=hash_source("brainconv.pipeline.measures", "brainconv.io.tables"),
    script:
        "../scripts/measures.py"


rule geometries:
    input:
        # with all untrained twins, for trained against untrained
        representations=lambda wildcards: [
            f"results/representations/{model}/{DATASET_OF[wildcards.recording]}.nc"
            for model in compared_models(wildcards.recording)
        ],
        scores=lambda wildcards: score_files("rsa", wildcards.recording),
        details=lambda wildcards: details_of(score_files("rsa", wildcards.recording)),
        recording="results/recordings/{recording}.nc",
    output:
        scores="results/comparisons/rsa/{recording}.csv",
        details="results/comparisons/rsa/{recording}.nc",
    log:
        "results/logs/comparisons/rsa/{recording}.log",
    benchmark:
        "results/benchmarks/comparisons/rsa/{recording}.tsv"
    conda:
        "../envs/brainconv.yaml"
    threads: 1
    resources:
        mem_mb=4000,
    params:
        models=lambda wildcards: compared_models(wildcards.recording),
        settings=lambda wildcards: settings_of("rsa", wildcards.recording),
        seed=config["seed"],
        source=hash_source("brainconv.pipeline.geometries", "brainconv.io.tables"),
    script:
        "../scripts/geometries.py"


rule areas:
    input:
        representations=lambda wildcards: [
            f"results/representations/{model}/{wildcards.dataset}.nc"
            for model in TRAINED
            if is_wanted(model, wildcards.dataset)
        ],
        scores=lambda wildcards: trained_scores(wildcards.dataset),
        details=lambda wildcards: details_of(trained_scores(wildcards.dataset)),
        recordings=lambda wildcards: expand(
            "results/recordings/{recording}.nc",
            recording=DATASETS[wildcards.dataset]["recordings"],
        ),
    output:
        scores="results/areas/{dataset}.csv",
        details="results/areas/{dataset}.nc",
    log:
        "results/logs/areas/{dataset}.log",
    conda:
        "../envs/brainconv.yaml"
    threads: 1
    params:
        settings=lambda wildcards: settings_of(
            "rsa", DATASETS[wildcards.dataset]["recordings"][0]
        ),
        seed=config["seed"],
        source=hash_source("brainconv.pipeline.areas", "brainconv.io.tables"),
    script:
        "../scripts/areas.py"


rule predictivity:
    input:
        representations=lambda wildcards: f"results/representations/{wildcards.model}/{DATASET_OF[wildcards.recording]}.nc",
        recording="results/recordings/{recording}.nc",
    output:
        scores="results/predictivity/{model}/{recording}.csv",
        details="results/predictivity/{model}/{recording}.nc",
    log:
        "results/logs/predictivity/{model}/{recording}.log",
    benchmark:
        "results/benchmarks/predictivity/{model}/{recording}.tsv"
    conda:
        "../envs/brainconv.yaml"
    # one thread each: BLAS threads of small products wait for each other, and jobs run side by side
    threads: 1
    resources:
        mem_mb=4000,
    params:
        settings=lambda wildcards: settings_of("predictivity", wildcards.recording),
        seed=config["seed"],
        source=hash_source("brainconv.predictivity", "brainconv.io.tables"),
    script:
        "../scripts/predictivity.py"


use rule predictivity as brainscore with:
    output:
        scores="results/brainscore/{model}/{recording}.csv",
        details="results/brainscore/{model}/{recording}.nc",
    log:
        "results/logs/brainscore/{model}/{recording}.log",
    benchmark:
        "results/benchmarks/brainscore/{model}/{recording}.tsv"
    params:
        settings=lambda wildcards: settings_of("brainscore", wildcards.recording),
        seed=config["seed"],
        source=hash_source("brainconv.predictivity", "brainconv.io.tables"),


rule mapping_ceiling:
    input:
        recording="results/recordings/{recording}.nc",
    output:
        scores="results/mapping_ceiling/{recording}.csv",
        details="results/mapping_ceiling/{recording}.nc",
    log:
        "results/logs/mapping_ceiling/{recording}.log",
    conda:
        "../envs/brainconv.yaml"
    threads: 1
    params:
        settings=lambda wildcards: settings_of("predictivity", wildcards.recording),
        seed=config["seed"],
        source=hash_source("brainconv.pipeline.mapping", "brainconv.io.tables"),
    script:
        "../scripts/mapping_ceiling.py"


rule comparisons:
    input:
        scores=lambda wildcards: score_files(wildcards.analysis, wildcards.recording),
        details=lambda wildcards: details_of(
            score_files(wildcards.analysis, wildcards.recording)
        ),
    output:
        scores="results/comparisons/{analysis}/{recording}.csv",
        details="results/comparisons/{analysis}/{recording}.nc",
    log:
        "results/logs/comparisons/{analysis}/{recording}.log",
    wildcard_constraints:
        analysis="predictivity|brainscore",
    conda:
        "../envs/brainconv.yaml"
    params:
        models=lambda wildcards: compared_models(wildcards.recording),
        seed=config["seed"],
        source=hash_source("brainconv.pipeline.comparisons", "brainconv.io.tables"),
    script:
        "../scripts/comparisons.py"


rule hierarchy:
    input:
        scores=lambda wildcards: data_set_scores(wildcards.dataset),
        details=lambda wildcards: details_of(data_set_scores(wildcards.dataset)),
    output:
        scores="results/hierarchy/{dataset}.csv",
        details="results/hierarchy/{dataset}.nc",
    log:
        "results/logs/hierarchy/{dataset}.log",
    conda:
        "../envs/brainconv.yaml"
    params:
        seed=config["seed"],
        source=hash_source("brainconv.pipeline.comparisons", "brainconv.io.tables"),
    script:
        "../scripts/hierarchy.py"


rule first_layer:
    input:
        weights=lambda wildcards: weights_of(wildcards.model),
    output:
        scores="results/first_layer/{model}.csv",
        details="results/first_layer/{model}.nc",
        fits="results/first_layer/{model}.fits.nc",
    log:
        "results/logs/first_layer/{model}.log",
    benchmark:
        "results/benchmarks/first_layer/{model}.tsv"
    conda:
        "../envs/brainconv.yaml"
    threads: 1
    resources:
        mem_mb=3000,
    params:
        spec=lambda wildcards: network_of(wildcards.model),
        settings=config["first_layer"],
        seed=config["seed"],
        data_dir=config["data_dir"],
        registry=config["models_registry"],
        own=lambda wildcards: model_hash(wildcards.model),
        source=hash_source("brainconv.pipeline.first_layer", "brainconv.io.tables"),
    script:
        "../scripts/first_layer.py"


rule properties:
    input:
        "results/recordings/{recording}.nc",
    output:
        scores="results/properties/{recording}.csv",
        details="results/properties/{recording}.nc",
    log:
        "results/logs/properties/{recording}.log",
    conda:
        "../envs/brainconv.yaml"
    params:
        seed=config["seed"],
        source=hash_source("brainconv.pipeline.properties"),
    script:
        "../scripts/properties.py"
