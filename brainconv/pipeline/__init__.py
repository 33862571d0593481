"""The joins: what the workflow's scripts and `brainconv.compare` call, one file each.

Everything else in brainconv takes containers and gives containers; here they are put together.
"""

from brainconv.pipeline.compare import compare
from brainconv.pipeline.results import Comparison, open_results

__all__ = ["Comparison", "compare", "open_results"]
