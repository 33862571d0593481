"""Extraction: from images and a network to one exact Gram matrix per layer, in memory that does not grow with layers.

Owns the streamed forward pass, the plan of passes and scratch space, and the block-wise Gram.  torch is imported when
the first image is shown.
"""

from brainconv.extraction.stream import extract

__all__ = ["extract"]
