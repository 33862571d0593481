# Tables for people and programs, figures, and the page that holds them.


rule tables:
    input:
        scores=score_tables(),
        details=details_of(score_tables()),
    output:
        csv="results/tables/scores.csv",
        parquet="results/tables/scores.parquet",
        reproduction="results/tables/reproduction.csv",
    log:
        "results/logs/tables.log",
    conda:
        "../envs/brainconv.yaml"
    params:
        left_out=config["left_out"],
        source=hash_source("brainconv.pipeline.gather", "brainconv.report.reproduction"),
    script:
        "../scripts/tables.py"


rule report:
    input:
        scores=score_tables(),
        details=details_of(score_tables()),
        representations=representation_files(),
        fits=expand("results/first_layer/{model}.fits.nc", model=FIRST_LAYER),
        table="results/tables/scores.csv",
        recordings=expand(
            "results/recordings/{recording}.nc", recording=[*DATASET_OF, *PROPERTIES]
        ),
    output:
        page="results/report.html",
        figures=directory("results/figures"),
    log:
        "results/logs/report.log",
    conda:
        "../envs/brainconv.yaml"
    resources:
        mem_mb=3000,
    params:
        config=config,
        source=hash_source("brainconv.pipeline.results"),
    script:
        "../scripts/report.py"
