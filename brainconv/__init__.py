"""Compare convolutional networks with the primate ventral visual stream.

The public names are loaded when they are first used, so that ``import brainconv`` costs little and imports no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brainconv.containers import Properties, RDMs, Recording, Representation, Scores, StimulusSet

__version__ = "0.1.0"

_HOME = {
    "StimulusSet": "brainconv.containers",
    "Recording": "brainconv.containers",
    "RDMs": "brainconv.containers",
    "Properties": "brainconv.containers",
    "Representation": "brainconv.containers",
    "Scores": "brainconv.containers",
    "list_models": "brainconv.models",
    "load_model": "brainconv.models",
    "wrap_model": "brainconv.models",
    "extract": "brainconv.extraction",
    "list_recordings": "brainconv.recordings",
    "load_recording": "brainconv.recordings",
    "compute_rdms": "brainconv.similarity",
    "score_rsa": "brainconv.similarity",
    "score_predictivity": "brainconv.predictivity",
    "compute_ceiling": "brainconv.reliability",
    "fit_gabors": "brainconv.physiology",
    "compare": "brainconv.pipeline",
}

__all__ = ["Properties", "RDMs", "Recording", "Representation", "Scores", "StimulusSet"]
__all__ += [name for name in _HOME if name not in __all__]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        msg = f"module 'brainconv' has no attribute {name!r}; public names: {', '.join(_HOME)}"
        raise AttributeError(msg)
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
