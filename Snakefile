# brainconv: from networks and recordings to results/report.html.
#   snakemake --cores all                                    the embedded quickstart (no download)
#   snakemake --cores all --configfile config/macaque.yaml   real recordings
import sys

import yaml
from snakemake.utils import min_version, validate

from brainconv.pipeline.configuration import quote_interpreter, read_configuration

min_version("9.15")

sys.executable = quote_interpreter(sys.executable)
SCHEMA = "workflow/schemas/config.schema.yaml"


# A file named on the command line stands alone; Snakemake would merge the quickstart's models into it.
if not workflow.overwrite_configfiles:

    configfile: workflow.current_basedir.join("config/config.yaml").get_path_or_uri(True)


with workflow.sourcecache.open(workflow.current_basedir.join(SCHEMA)) as schema:
    read_configuration(
        config,
        given=workflow.config_settings.config,
        files=workflow.configfiles,
        schema=yaml.safe_load(schema),
    )
validate(config, SCHEMA)


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
        list_results(),
