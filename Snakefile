# brainconv: from networks and recordings to results/report.html.
#   snakemake --cores all                                    the embedded quickstart (no download)
#   snakemake --cores all --configfile config/macaque.yaml   real recordings
from snakemake.utils import min_version, validate

min_version("9.15")


configfile: "config/config.yaml"


validate(config, "workflow/schemas/config.schema.yaml")


container: None


include: "workflow/rules/common.smk"
include: "workflow/rules/prepare.smk"
include: "workflow/rules/extract.smk"
include: "workflow/rules/analyse.smk"
include: "workflow/rules/report.smk"


localrules:
    all,
    fetch_recording,
    fetch_weights,


rule all:
    input:
        "results/report.html",
        "results/tables/scores.csv",
