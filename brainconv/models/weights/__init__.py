"""Weights: where they come from, and readers of weight files that execute nothing that stands in a file."""
