"""Stimuli: images from a folder, their placement in degrees of visual angle, and photographs that need no download."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brainconv.stimuli.folder import load_stimuli
    from brainconv.stimuli.placement import place_image

_HOME = {"load_stimuli": "folder", "place_image": "placement"}

__all__ = ["load_stimuli", "place_image"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        msg = f"module 'brainconv.stimuli' has no attribute {name!r}; public names: {', '.join(_HOME)}"
        raise AttributeError(msg)
    return getattr(import_module(f"brainconv.stimuli.{_HOME[name]}"), name)
