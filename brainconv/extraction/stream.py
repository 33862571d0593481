"""`extract`: stimuli through a network, once if space allows, and out comes one Representation per layer."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brainconv.containers import Representation, StimulusSet
from brainconv.containers.representation import UNITS
from brainconv.errors import BrainconvError, BrainconvWarning, InvalidInputError, ResourceError
from brainconv.extraction.dependence import find_dependence
from brainconv.extraction.feed import StimulusFeed
from brainconv.extraction.gram import GramSum
from brainconv.extraction.passes import Job, add_to_grams, collect_features
from brainconv.extraction.plan import (
    MEMORY_BYTES,
    LayerSpec,
    Pass,
    Piece,
    check_scratch,
    find_scratch_budget,
    find_scratch_folder,
    format_bytes,
    plan_passes,
)
from brainconv.extraction.scratch import MemoryStore, ScratchStore
from brainconv.models.contract import describe_input
from brainconv.models.layers import check_layers, trace_model
from brainconv.models.outputs import is_out_of_memory
from brainconv.models.preprocessing import MAX_SIZE
from brainconv.models.tracing import describe_error
from brainconv.validation import check_choice, check_count, check_flag, check_path, check_unique

if TYPE_CHECKING:
    import torch

    from brainconv.models import Model
    from brainconv.models.tracing import TracedLayer

KEEP = ("gram", "features")
CPU_BATCH, GPU_BATCH, MPS_BATCH = 32, 256, 64
BATCH_BYTES = 256 * 2**20
"""What the largest outputs of a batch may take on the CPU (three of them: input, output and a copy)."""


def extract(
    model: Model,
    stimuli: StimulusSet,
    *,
    layers: Sequence[str] | None = None,
    batch_size: int | str = "auto",
    keep: str = "gram",
    units: str = "raw",
    input_size: int | None = None,
    scratch_dir: str | os.PathLike[str] | None = None,
    scratch_bytes: int | None = None,
    progress: bool = True,
) -> dict[str, Representation]:
    """Show stimuli to a network and keep what its layers say about them.

    Parameters
    ----------
    model : Model
        Runs where it is (``model.device``), in evaluation mode, and is left as it was.
    stimuli : StimulusSet
        If it has a width in degrees, each image is placed in the model's visual field (see
        :func:`brainconv.stimuli.place_image`); else it fills the input.
    layers : sequence of str, optional
        Module paths; ``model.layers`` if not given.
    batch_size : int or "auto"
        Halved, down to 1, as often as memory runs out.  It does not change the result, unless the activations of an
        image depend on its neighbours, which is checked and warned of.
    keep : {"gram", "features"}
        ``"features"``: hold the activations too, all in memory, units in the order of the layer's own axes, such as
        (channels, height, width).
    units : {"raw", "zscored", "spatial_mean"}
        What a column of X is: an activation; an activation z-scored over all stimuli (not over training folds; a unit
        that does not vary is 0); the mean of a channel over space (of a transformer's width over tokens).  The real and
        the imaginary part of a complex activation are two columns.
    input_size : int, px, optional
        Instead of the registry's, for networks that take any size.
    scratch_dir : path, optional
        Where features wait for their Gram; the system's folder for temporary files if not given.
    scratch_bytes : int, bytes, optional
        How much may lie there; 16 GB or half of what is free, whichever is less, if not given.
    progress : bool
        Show a bar with images/s and the time left.

    Returns
    -------
    dict of str to Representation
        In execution order.  Memory is O(n_stimuli² + n_stimuli · block), whatever the width of the layers, besides the
        network's own; ``keep="features"`` adds X.

    Raises
    ------
    NotFoundError
        If a layer does not exist.
    InvalidInputError
        If an argument is not as expected, or activations are not finite.
    ResourceError
        If memory or scratch space does not suffice; for scratch space, before the first image.

    Warns
    -----
    BrainconvWarning
        If the activations of an image depend on the other images of its batch, or on chance; the sentence goes on to
        the notes of every table that is made of the result.
    """
    if layers is not None and not isinstance(layers, str):
        check_unique(layers, what="layer", least=0)
    if not isinstance(batch_size, str):
        check_count(batch_size, what="batch_size", at_most=None)
    if input_size is not None:
        check_count(input_size, what="input_size, in px,", at_most=MAX_SIZE)
    if scratch_dir is not None:
        check_path(scratch_dir, what="scratch_dir")
    if scratch_bytes is not None:
        check_count(scratch_bytes, what="scratch_bytes", at_most=None)
    check_flag(progress, what="progress")
    import torch

    from brainconv.extraction import capture

    _check_types(model, stimuli)
    check_choice(keep, KEEP, what="thing to keep")
    check_choice(units, UNITS, what="kind of units")
    if len(stimuli) == 0:
        msg = f"Stimulus set {stimuli.name!r} is empty; expected at least one image."
        raise InvalidInputError(msg)
    feed = StimulusFeed(stimuli, model, input_size=input_size)
    job = Job(model, feed, units, keep == "features", progress)
    folder = find_scratch_folder(scratch_dir)
    results: dict[str, tuple[Any, Any, int]] = {}
    features: dict[str, Any] = {}
    _check_device(model)
    with capture.prepare_network(model.module, model.device), _explain_memory(model):
        traced = check_layers(
            trace_model(model, input_size),
            model.layers if layers is None else layers,
            model_name=model.name,
            module=model.module,
        )
        specs, image_bytes, job, notes = _probe(job, traced, keep)
        n_batch = _choose_batch(batch_size, image_bytes, len(stimuli), model.device)
        passes = _plan(specs, job, folder, scratch_bytes)
        # a GPU forms the Grams of what it computed; where there is none (or no float64 on it) NumPy does
        device = model.device if torch.device(model.device).type == "cuda" else "cpu"
        sums: dict[str, GramSum] = {}
        for number, one in enumerate(passes, 1):
            label = model.name + (f", pass {number} of {len(passes)}" if len(passes) > 1 else "")
            home = "cpu" if job.keep_features else device
            with _open_store(one, len(stimuli), folder, home) as store:
                n_batch = collect_features(job, one, store, n_batch, label)
                for piece in one.pieces:
                    name = piece.layer.name
                    sums.setdefault(
                        name, GramSum(stimuli.ids, units=units, layer=f"{model.name}:{name}", device=device)
                    )
                add_to_grams(job, one, store, sums, label)
                if job.keep_features and isinstance(store, MemoryStore):
                    features = {piece.layer.name: array.numpy() for piece, array in store.arrays.items()}
            for piece in one.pieces:
                if piece.stop == piece.layer.shape[0]:
                    finished = sums.pop(piece.layer.name)
                    results[piece.layer.name] = (*finished.finish(), finished.n_constant)
    shared = {
        "weights_sha256": model.weights_sha256,
        "model": dict(model.provenance),
        "stimuli": stimuli.name,
        "stimuli_sha256": feed.sha256,
        "preprocessing": model.preprocessing.to_dict(),
        "input_size": input_size or model.preprocessing.input_size,
        "model_degrees": model.degrees,
        "device": model.device,
        "tf32": False,
        "torch": str(torch.__version__),
        "batch_size": n_batch,
        "n_passes": len(passes),
        "reference": "seeded, over sorted ids",
        "notes": [*(model.notes if layers is None else describe_input(model.name, model.preprocessing)), *notes],
    }
    return {
        spec.name: Representation(
            gram=results[spec.name][0],
            unit_sums=results[spec.name][1],
            n_units=spec.n_units,
            stimulus_ids=stimuli.ids,
            model=model.name,
            weights=model.weights,
            layer=spec.name,
            layer_index=spec.index,
            seed=model.seed,
            units=units,
            feature_dtype=spec.dtype,
            degrees=stimuli.degrees,
            features=features.get(spec.name),
            provenance={**shared, "shape": list(spec.shape), "n_constant_units": results[spec.name][2]},
        )
        for spec in specs
    }


def _check_types(model: Any, stimuli: Any) -> None:
    """What a caller without a type checker may mix up."""
    from brainconv.models import Model

    if not isinstance(model, Model):
        name = repr(model) if isinstance(model, str) else f"a {type(model).__name__}"
        msg = f"The model is {name}; expected a Model, from load_model(name) or wrap_model(module, name=…)."
        raise InvalidInputError(msg)
    if not isinstance(stimuli, StimulusSet):
        msg = (
            f"The stimuli are a {type(stimuli).__name__}; expected a StimulusSet, made from arrays, or from a folder "
            f"by brainconv.stimuli.load_stimuli(folder)."
        )
        raise InvalidInputError(msg)


def _probe(job: Job, traced: Sequence[TracedLayer], keep: str) -> tuple[list[LayerSpec], int, Job, tuple[str, ...]]:
    """What the layers give, bytes per image, how the network is to be shown images, and what is to be noted."""
    from brainconv.extraction import capture

    module, device = job.model.module, job.model.device
    pair, channels_last = job.feed.prepare_pair(), True

    def show() -> tuple[torch.Tensor, list[LayerSpec], int, dict[str, torch.Tensor]]:
        images = capture.to_input(pair, module, device, channels_last=channels_last)
        return images, *capture.probe_layers(module, images, traced, units=job.units, channels_last=keep == "gram")

    try:
        images, specs, image_bytes, values = show()
    except InvalidInputError:  # ``view`` of a map is the usual reason; if it was another, it is raised again
        channels_last = False
        images, specs, image_bytes, values = show()
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        pair = pair[-1:]
        images, specs, image_bytes, values = show()
    found = find_dependence(module, images, values, specs, units=job.units, model_name=job.model.name)
    for note in found.notes:
        warnings.warn(note, BrainconvWarning, stacklevel=3)
    return specs, image_bytes, replace(job, n_least=found.n_least, channels_last=channels_last), found.notes


def _check_device(model: Model) -> None:
    """Refuse a device that is not there, or where the network is not."""
    import torch

    from brainconv.models.load import resolve_device

    target = resolve_device(model.device)
    tensor = next(iter([*model.module.parameters(), *model.module.buffers()]), None)
    if tensor is not None and tensor.device.type != torch.device(target).type:
        msg = (
            f"The weights of {model.name} are on {tensor.device}, but the model says device={model.device!r}; move "
            f"them with model.module.to({model.device!r}), or wrap the network again where it is."
        )
        raise InvalidInputError(msg)


@contextmanager
def _explain_memory(model: Model) -> Iterator[None]:
    """Memory that runs out where no smaller batch would help, as a sentence."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, BrainconvError) or not is_out_of_memory(error):
            raise
        msg = (
            f"Memory ran out on {model.device} while {model.name} was extracted ({describe_error(error)}); free "
            f"memory, ask for fewer layers at a time, or lower input_size."
        )
        raise ResourceError(msg) from error


def _choose_batch(batch_size: int | str, image_bytes: int, n_stimuli: int, device: str) -> int:
    """Number of images per batch."""
    import torch

    if batch_size != "auto":
        if isinstance(batch_size, (bool, str)) or int(batch_size) != batch_size or batch_size < 1:
            msg = f"batch_size={batch_size!r}; expected 'auto' or a whole number, at least 1."
            raise InvalidInputError(msg)
        return min(int(batch_size), n_stimuli)
    kind = torch.device(device).type
    limit = {"cuda": GPU_BATCH, "mps": MPS_BATCH}.get(kind, CPU_BATCH)
    room = torch.cuda.mem_get_info(device)[0] // 4 if kind == "cuda" else BATCH_BYTES
    return max(1, min(limit, room // (3 * image_bytes), n_stimuli))


def _plan(specs: Sequence[LayerSpec], job: Job, folder: Path, scratch_bytes: int | None) -> tuple[Pass, ...]:
    """The passes, or a refusal before the first image."""
    import psutil
    import torch

    n_stimuli = job.feed.n_stimuli
    whole = tuple(Piece(spec, 0, spec.shape[0]) for spec in specs)
    total = sum(piece.bytes_per_stimulus for piece in whole) * n_stimuli
    available = int(psutil.virtual_memory().available)
    need = 8 * n_stimuli**2 * (len(specs) + 2) + (total if job.keep_features else 0)
    if need > available:
        msg = (
            f"The result needs {format_bytes(need)} of memory ({len(specs)} layers, {n_stimuli} stimuli"
            f"{', their features included' if job.keep_features else ''}), but {format_bytes(available)} are free; ask "
            f"for fewer layers at a time{', or for keep=' + repr('gram') if job.keep_features else ''}."
        )
        raise ResourceError(msg)
    if job.keep_features:
        return (Pass(whole, total, in_memory=True),)
    memory = min(MEMORY_BYTES, available // 4)
    if torch.device(job.model.device).type == "cuda":
        memory = torch.cuda.mem_get_info(job.model.device)[0] // 4
    budget, free = find_scratch_budget(folder, scratch_bytes)
    passes = plan_passes(specs, n_stimuli, scratch_bytes=budget, memory_bytes=memory, folder=str(folder))
    check_scratch(passes, budget, free, folder)
    return passes


def _open_store(one: Pass, n_stimuli: int, folder: Path, device: str) -> MemoryStore | ScratchStore:
    """Memory where the plan says so, else a scratch file."""
    if one.in_memory:
        return MemoryStore(one.pieces, n_stimuli, device=device)
    return ScratchStore(one.pieces, n_stimuli, folder=folder)
