"""Networks: a registry in which preprocessing is data, wrapping of any module, layers, weights and weight files.

Owns which networks are known, how images are prepared for them, which of their layers count, and how their weights are
read without executing anything.  It does not run stimuli through them: that is :mod:`brainconv.extraction`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brainconv.models.first_layer import FirstLayer, first_layer_filters
    from brainconv.models.layers import trace_layers
    from brainconv.models.load import list_models, load_model
    from brainconv.models.model import Model
    from brainconv.models.preprocessing import Preprocessing, prepare_images
    from brainconv.models.registry import ModelEntry, read_registry
    from brainconv.models.tracing import TracedLayer
    from brainconv.models.wrap import wrap_model

_HOME = {
    "FirstLayer": "first_layer",
    "Model": "model",
    "ModelEntry": "registry",
    "Preprocessing": "preprocessing",
    "TracedLayer": "tracing",
    "first_layer_filters": "first_layer",
    "list_models": "load",
    "load_model": "load",
    "prepare_images": "preprocessing",
    "read_registry": "registry",
    "trace_layers": "layers",
    "wrap_model": "wrap",
}

__all__ = [
    "FirstLayer",
    "Model",
    "ModelEntry",
    "Preprocessing",
    "TracedLayer",
    "first_layer_filters",
    "list_models",
    "load_model",
    "prepare_images",
    "read_registry",
    "trace_layers",
    "wrap_model",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        msg = f"module 'brainconv.models' has no attribute {name!r}; public names: {', '.join(_HOME)}"
        raise AttributeError(msg)
    return getattr(import_module(f"brainconv.models.{_HOME[name]}"), name)
