"""Model: a network, how images are prepared for it, and which of its layers count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from brainconv.models.preprocessing import Preprocessing
from brainconv.validation import check_positive, check_unique

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Model:
    """A network ready to be shown stimuli.

    Parameters
    ----------
    name : str
        Name in the registry, or the one given to :func:`brainconv.models.wrap_model`.
    module : torch.nn.Module
        In evaluation mode, on ``device``; takes float32 images of shape (n_stimuli, 3, input_size, input_size), or of
        one channel where the preprocessing gives luminance.
    preprocessing : Preprocessing
        How RGB pixels become the module's input.  The module itself normalises nothing.
    layers : sequence of str
        Default layers: module paths, ``path:call`` where a module runs several times in one pass; in execution order.
    weights : str
        ``"default"`` (those of the registry), ``"random"`` or the name of a checkpoint.
    seed : int, optional
        Seed of random weights.
    device : str
        ``"cpu"``, ``"cuda"`` or ``"mps"``.
    weights_sha256 : str, optional
        Hash of all parameters and buffers; None where there are none.
    degrees : float, degrees of visual angle
        Width of the visual field that the input covers.
    provenance : mapping
        Builder, source of the weights, citation, share of the weights that no default layer sees.
    notes : tuple of str
        What a reader of numbers on the default layers must know.

    Raises
    ------
    InvalidInputError
        If a layer stands twice or the visual field is not above 0.
    """

    name: str
    module: torch.nn.Module
    preprocessing: Preprocessing
    layers: tuple[str, ...]
    weights: str = "default"
    seed: int | None = None
    device: str = "cpu"
    weights_sha256: str | None = None
    degrees: float = 8.0
    provenance: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", check_unique(self.layers, what="layer"))
        object.__setattr__(self, "degrees", check_positive(self.degrees, what="Visual field of the model in degrees"))

    @property
    def label(self) -> str:
        """Name with what distinguishes its weights, as it stands in figures."""
        if self.weights == "default":
            return self.name
        seed = "" if self.seed is None else f", seed {self.seed}"
        return f"{self.name} ({self.weights}{seed})"
