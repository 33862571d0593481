"""Draw the figures and write the page that holds them."""

from brainconv.pipeline.results import open_results

from _runtime import job

with job(snakemake):
    comparison = open_results("results", snakemake.params.config)
    comparison.save_figures(snakemake.output.figures)
    comparison.save_report(snakemake.output.page)
