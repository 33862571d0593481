"""Gather all scores in one tidy table, as CSV for people and Parquet for programs."""

from brainconv.pipeline.gather import gather_scores, write_table

from _runtime import job

with job(snakemake):
    table = gather_scores(snakemake.input).table
    write_table(snakemake.output.csv, table)
    write_table(snakemake.output.parquet, table)
