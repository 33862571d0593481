# brainconv: from networks and recordings to results/report.html.
#   snakemake --cores all                                    the embedded quickstart (no download)
#   snakemake --cores all --configfile config/macaque.yaml   real recordings
from snakemake.utils import min_version, validate

min_version("9.15")


# A file named on the command line stands alone; Snakemake would merge the quickstart's models into it.
if not workflow.overwrite_configfiles:

    configfile: workflow.current_basedir.join("config/config.yaml").get_path_or_uri(True)


validate(config, "workflow/schemas/config.schema.yaml")


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
