"""The report: one HTML page that holds everything itself, the text of its methods, and its provenance."""

from brainconv.report.captions import describe_best_layers, describe_profiles
from brainconv.report.content import FigureItem, Section, Summary, TableItem
from brainconv.report.methods import describe_methods
from brainconv.report.page import render_report
from brainconv.report.reproduction import compare_with_known

__all__ = [
    "FigureItem",
    "Section",
    "Summary",
    "TableItem",
    "compare_with_known",
    "describe_best_layers",
    "describe_methods",
    "describe_profiles",
    "render_report",
]
