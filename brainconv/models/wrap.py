"""Any torch.nn.Module as a Model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from brainconv.errors import InvalidInputError
from brainconv.models.contract import (
    DefaultLayers,
    check_module,
    choose_layers,
    describe_input,
    trace_on_images,
    unwrap_module,
)
from brainconv.models.layers import check_layers
from brainconv.models.model import Model
from brainconv.models.preprocessing import MAX_SIZE, Preprocessing
from brainconv.validation import check_count, check_number, check_text, check_unique

if TYPE_CHECKING:
    import torch


def wrap_model(
    module: torch.nn.Module,
    *,
    name: str,
    layers: Sequence[str] | None = None,
    preprocess: Preprocessing | Mapping[str, Any] | None = None,
    input_size: int = 224,
    degrees: float = 8.0,
) -> Model:
    """Make a Model of your own network.

    The module is put into evaluation mode and stays on its device; nothing else about it is changed.  ``DataParallel``,
    ``DistributedDataParallel`` and what ``torch.compile`` made stand for the network inside.

    Parameters
    ----------
    module : torch.nn.Module
        Takes float images of shape (n_stimuli, 3, input_size, input_size), already normalised.  One that takes a single
        channel is shown luminance, and its preprocessing says so.
    name : str
        As it stands in tables and file names.
    layers : sequence of str, optional
        Module paths; every distinct stage if not given (see :func:`brainconv.models.stages.find_stages`).
    preprocess : Preprocessing or mapping of its fields, optional
        Squash to ``input_size`` and ImageNet mean and standard deviation if not given.  It is data, not a function, so
        that it can be written into tables and cache keys.
    input_size : int, px
        Used where ``preprocess`` is not given or does not say.
    degrees : float, degrees of visual angle
        Width of the visual field that the input covers.

    Raises
    ------
    InvalidInputError
        If this is no module, it normalises its input a second time, it cannot take such an image, its parts cannot be
        observed (TorchScript, quantised), or a part is named that is no layer.
    NotFoundError
        If a layer does not exist.

    Warns
    -----
    BrainconvWarning
        If a tenth of the weights or more lie in no default layer.
    """
    check_text(name, what="name of the model")
    if layers is not None and not isinstance(layers, str):
        check_unique(layers, what="layer", least=0)
    check_count(input_size, what="input_size, in px,", at_most=MAX_SIZE)
    check_number(degrees, what="degrees of the visual field", at_least=0.01, at_most=360)
    import torch

    from brainconv.models.load import describe_device
    from brainconv.models.weights.checkpoints import hash_weights

    given: Any = module  # what a caller without a type checker may pass
    if not isinstance(given, torch.nn.Module):
        msg = f"wrap_model was given {type(given).__name__}; expected a torch.nn.Module."
        raise InvalidInputError(msg)
    module = unwrap_module(module)
    check_module(module, name=name)
    if getattr(module, "transform_input", False) is True:
        msg = (
            f"{type(module).__name__}.transform_input is True, so it would normalise its input a second time; set it "
            f"to False and give preprocess=Preprocessing(mean=(0.5,) * 3, std=(0.5,) * 3, …), which is the same."
        )
        raise InvalidInputError(msg)
    settings: Any = preprocess
    if settings is None:
        preprocessing = Preprocessing(input_size=input_size)
    elif isinstance(settings, Preprocessing):
        preprocessing = settings
    elif isinstance(settings, Mapping):
        preprocessing = Preprocessing.from_dict({"input_size": input_size, **settings})
    else:
        msg = (
            f"preprocess is {type(preprocess).__name__}; expected Preprocessing(input_size=…, mean=…, std=…), "
            f"a mapping of its fields, or None for ImageNet's."
        )
        raise InvalidInputError(msg)
    module.eval()
    trace, preprocessing = trace_on_images(module, preprocessing)
    if layers is None:
        chosen = choose_layers(module, trace, ["stages"], model_name=name, preprocessing=preprocessing)
    else:
        named = check_layers(trace, layers, model_name=name, module=module)
        chosen = DefaultLayers(tuple(layer.name for layer in named), None, describe_input(name, preprocessing))
    state = next(iter([*module.parameters(), *module.buffers()]), None)
    return Model(
        name=name,
        module=module,
        preprocessing=preprocessing,
        layers=chosen.names,
        weights="default",
        device="cpu" if state is None else describe_device(state.device),
        weights_sha256=hash_weights(module),
        degrees=degrees,
        provenance={
            "builder": f"{type(module).__module__}:{type(module).__qualname__}",
            "weights": "as wrapped",
            "weights_in_no_default_layer": chosen.unseen,
        },
        notes=chosen.notes,
    )
