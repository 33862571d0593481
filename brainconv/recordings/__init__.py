"""Public recordings by name: the registry, one reader per data set, and recordings made by a computer.

A recording of your own is a `brainconv.Recording` made from arrays, or a YAML row and a reader of yours
(``load_recording(name, registry="mine.yaml")``).
"""

from brainconv.recordings.load import describe_recording, fetch_recording, list_recordings, load_recording
from brainconv.recordings.registry import RecordingRow, RegisteredFile, load_registry
from brainconv.recordings.simulate import simulate_recording

__all__ = [
    "RecordingRow",
    "RegisteredFile",
    "describe_recording",
    "fetch_recording",
    "list_recordings",
    "load_recording",
    "load_registry",
    "simulate_recording",
]
