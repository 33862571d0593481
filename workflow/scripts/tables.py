"""Gather all scores in one tidy table, as CSV for people and Parquet for programs; known values beside ours."""

from brainconv.pipeline.gather import gather_scores, write_table
from brainconv.report import compare_with_known

from _runtime import job

with job(snakemake):
    table = gather_scores(snakemake.input.scores).table
    write_table(snakemake.output.csv, table)
    write_table(snakemake.output.parquet, table)
    write_table(snakemake.output.reproduction, compare_with_known(table, left_out=snakemake.params.left_out))
