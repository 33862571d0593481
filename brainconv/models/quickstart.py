"""A small network that is trained on the spot, on photographs that are already installed: no download, no GPU.

Its first layer is found by independent component analysis of photograph patches, so that its filters resemble V1's; the
deeper layers learn to tell which photograph a crop comes from and by which quarter turn it was rotated.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import BrainconvError, InvalidInputError
from brainconv.io.atomic import write_atomically
from brainconv.io.fetch import list_data_dirs
from brainconv.io.hashing import hash_source
from brainconv.stimuli.photographs import load_training_crops

if TYPE_CHECKING:
    import torch

    from brainconv.containers import StimulusSet

INPUT_SIZE = 64
"""Side of the input, px."""
INPUT_MEAN, INPUT_STD = 0.5, 0.25
"""Normalisation of pixels 0..1, the same for each colour."""
N_PHOTOGRAPHS, N_TURNS = 16, 4
N_FILTERS, FILTER_SIZE = 48, 11
_CHANNELS = (N_FILTERS, 64, 96, 128)
_N_HIDDEN, _N_FC = 256, 128
_N_PATCHES = 20_000
_N_CROPS, _N_EPOCHS, _BATCH_SIZE, _LEARNING_RATE = 3072, 9, 128, 3e-3
# Sums are split among threads, and rounding depends on the split: one thread whoever calls, one network per seed.
_N_THREADS = 1


def build_quickstart() -> torch.nn.Module:
    """Build the network with random weights, drawn from torch's global random state as torch initialises its layers.

    Returns
    -------
    torch.nn.Module
        Four convolutional stages (``conv1`` 11 × 11, ``conv2`` 5 × 5, ``conv3`` and ``conv4`` 3 × 3, each rectified and
        max-pooled), ``fc`` (two rectified linear layers), and ``head``: logits of 16 photographs and 4 rotations.
        Input ``(n, 3, 64, 64)``.
    """
    from torch import nn

    c1, c2, c3, c4 = _CHANNELS
    stages = OrderedDict(
        conv1=_build_stage(3, c1, FILTER_SIZE, stride=3, normalised=False),
        conv2=_build_stage(c1, c2, 5),
        conv3=_build_stage(c2, c3, 3),
        conv4=_build_stage(c3, c4, 3),
        fc=_build_fully_connected(c4 * 4),
        head=nn.Linear(_N_FC, N_PHOTOGRAPHS + N_TURNS),
    )
    return nn.Sequential(stages)


def train_quickstart(
    *, n_crops: int = _N_CROPS, n_epochs: int = _N_EPOCHS, random_state: int = 0, progress: bool = False
) -> torch.nn.Module:
    """Train the network on crops that overlap none of the stimuli of `brainconv.stimuli.photographs.load_crops`.

    One thread of the CPU is used whatever the machine has, so that a seed gives one network.

    Parameters
    ----------
    n_crops : int
        Number of training crops.
    n_epochs : int
        Passes through them.
    random_state : int
        Seed of the crops, of the patches, of the weights and of the order.
    progress : bool
        Show a progress bar.

    Returns
    -------
    torch.nn.Module
        On the CPU, in evaluation mode.

    Raises
    ------
    InvalidInputError
        If there are fewer crops than one batch, or no epoch.

    References
    ----------
    Bell & Sejnowski 1997, doi:10.1016/S0042-6989(97)00121-1: independent components of natural images are edge filters.
    Gidaris, Singh & Komodakis 2018, arXiv:1803.07728: telling rotations apart as a task that needs no labels.

    Notes
    -----
    Differences from the papers: FastICA on patches whitened and reduced to as many dimensions as there are filters, in
    colour; the photograph is told besides the rotation; half of the crops are shown in grey, so that colour alone does
    not give the photograph away.
    """
    if n_crops < _BATCH_SIZE or n_epochs < 1:
        msg = f"n_crops={n_crops}, n_epochs={n_epochs}; expected at least {_BATCH_SIZE} crops and one epoch."
        raise InvalidInputError(msg)
    import torch

    crops = load_training_crops(n_crops, INPUT_SIZE, random_state=random_state)
    with _fix_threads(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(random_state)
        network = build_quickstart()
        _set_first_layer(network, crops, random_state=random_state)
        _train_deeper_layers(network, crops, n_epochs=n_epochs, random_state=random_state, progress=progress)
    return network.eval().requires_grad_(False)


def fit_first_layer(
    images: NDArray[np.uint8], *, n_filters: int = N_FILTERS, random_state: int = 0
) -> NDArray[np.float64]:
    """Find filters whose responses to patches of images are as independent of each other as can be.

    Parameters
    ----------
    images : ndarray, uint8, shape (n_images, height, width, 3)
    n_filters : int
        Also the number of principal components to which patches are reduced.
    random_state : int
        Which patches are taken, and where the search starts.

    Returns
    -------
    ndarray, shape (n_filters, 3, 11, 11)
        Acting on RGB pixels; of unit norm and zero sum.

    References
    ----------
    Hyvärinen 1999, doi:10.1109/72.761722 (FastICA, log cosh contrast).
    """
    from sklearn.decomposition import FastICA
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rng = np.random.default_rng(random_state)
    n_images, height, width, _ = images.shape
    which = rng.integers(n_images, size=_N_PATCHES)
    tops = rng.integers(height - FILTER_SIZE + 1, size=_N_PATCHES)
    lefts = rng.integers(width - FILTER_SIZE + 1, size=_N_PATCHES)
    span = np.arange(FILTER_SIZE)
    patches = images[which[:, None, None], tops[:, None, None] + span[:, None], lefts[:, None, None] + span]
    flat = patches.reshape(_N_PATCHES, -1) / 255.0
    flat -= flat.mean(axis=1, keepdims=True)
    contrast = flat.std(axis=1, keepdims=True)
    flat = (flat / (contrast + 0.02))[contrast[:, 0] > 0.02]  # blank patches say nothing, strong ones must not say all
    analysis = FastICA(
        n_filters, whiten="unit-variance", whiten_solver="eigh", max_iter=60, tol=1e-3, random_state=random_state
    )
    with threadpool_limits(_N_THREADS), warnings.catch_warnings():
        # the search may stop early: the last digits of a component do not matter to a filter bank; and the smallest
        # singular values, of colour differences in grey photographs, are not among the components that are kept
        warnings.simplefilter("ignore", UserWarning)
        analysis.fit(flat)
    filters = np.asarray(analysis.components_, dtype=np.float64)
    filters -= filters.mean(axis=1, keepdims=True)
    filters /= np.linalg.norm(filters, axis=1, keepdims=True)
    return np.ascontiguousarray(filters.reshape(-1, FILTER_SIZE, FILTER_SIZE, 3).transpose(0, 3, 1, 2))


def save_quickstart(path: str | os.PathLike[str], network: torch.nn.Module) -> None:
    """Write the network's weights as safetensors, to be read by ``load_model("quickstart", weights=path)``.

    Parameters
    ----------
    path : path
        File to write; it is there whole or not at all.
    network : torch.nn.Module
        As `train_quickstart` returns it.
    """
    from safetensors.torch import save

    state = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in network.state_dict().items()}
    with write_atomically(path) as temporary:
        temporary.write_bytes(save(state))  # save_file would make a private file of it


def load_quickstart_state() -> Mapping[str, torch.Tensor]:
    """Weights of the network for seed 0: read from the data folder, or trained now and kept there.

    Returns
    -------
    mapping of str to torch.Tensor

    Notes
    -----
    The file is named by a hash of this code and of the versions of the packages that train it, so that a change of
    either trains anew.  It goes to the first folder of `brainconv.io.fetch.list_data_dirs` that may be written.
    """
    from safetensors.torch import load_file

    places = [
        folder / "weights" / "quickstart" / f"quickstart-{_name_training()}.safetensors" for folder in list_data_dirs()
    ]
    for path in places:
        if path.is_file():
            return load_file(path)
    network = train_quickstart(progress=True)
    for path in places:
        try:
            save_quickstart(path, network)
        except (OSError, BrainconvError):
            continue
        break
    return dict(network.state_dict())


def _name_training() -> str:
    import sklearn
    import torch

    parts = (hash_source("brainconv.models.quickstart"), torch.__version__, sklearn.__version__)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _build_stage(n_in: int, n_out: int, size: int, *, stride: int = 1, normalised: bool = True) -> torch.nn.Sequential:
    from torch import nn

    parts: OrderedDict[str, nn.Module] = OrderedDict(
        conv=nn.Conv2d(n_in, n_out, size, stride=stride, padding=size // 2, bias=not normalised)
    )
    if normalised:
        parts["norm"] = nn.BatchNorm2d(n_out)
    parts["relu"] = nn.ReLU()
    parts["pool"] = nn.MaxPool2d(3, stride=2, padding=1)
    return nn.Sequential(parts)


def _build_fully_connected(n_in: int) -> torch.nn.Sequential:
    """Two linear layers, so that what they say differs well from what the last convolution says."""
    from torch import nn

    return nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(),
            linear1=nn.Linear(n_in, _N_HIDDEN),
            relu1=nn.ReLU(),
            linear2=nn.Linear(_N_HIDDEN, _N_FC),
            relu2=nn.ReLU(),
        )
    )


@contextmanager
def _fix_threads() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(_N_THREADS)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _set_first_layer(network: torch.nn.Module, crops: StimulusSet, *, random_state: int) -> None:
    """Put the independent components in, scaled so that each responds with unit variance, and freeze them."""
    import torch

    images = np.asarray(crops.images)
    filters = torch.from_numpy(fit_first_layer(images, random_state=random_state)).float()
    convolution = network.get_submodule("conv1").get_submodule("conv")
    sample = _normalise(torch.from_numpy(images[:: max(1, len(images) // 256)]).permute(0, 3, 1, 2))
    with torch.no_grad():
        spread = torch.nn.functional.conv2d(sample, filters, stride=4).std(dim=(0, 2, 3))
        convolution.get_parameter("weight").copy_(filters / spread[:, None, None, None])
        convolution.get_parameter("bias").zero_()
    convolution.requires_grad_(False)


def _train_deeper_layers(
    network: torch.nn.Module, crops: StimulusSet, *, n_epochs: int, random_state: int, progress: bool
) -> None:
    import torch
    from torch.nn.functional import cross_entropy
    from tqdm.auto import tqdm

    images = torch.from_numpy(np.asarray(crops.images)).permute(0, 3, 1, 2)
    labels = torch.from_numpy(np.unique(np.asarray(crops.groups), return_inverse=True)[1])
    generator = torch.Generator().manual_seed(random_state)
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=_LEARNING_RATE, weight_decay=1e-2)
    n_batches = len(images) // _BATCH_SIZE
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LEARNING_RATE, total_steps=n_epochs * n_batches)
    network.train().to(memory_format=torch.channels_last)
    bar = tqdm(total=n_epochs * n_batches, desc="Training the quickstart network", unit="batch", disable=not progress)
    with bar:
        for _ in range(n_epochs):
            order = torch.randperm(len(images), generator=generator)[: n_batches * _BATCH_SIZE]
            for batch in order.reshape(n_batches, _BATCH_SIZE):
                turns = torch.randint(N_TURNS, (len(batch),), generator=generator)
                logits = network(_vary(_normalise(images[batch]), turns, generator))
                loss = cross_entropy(logits[:, :N_PHOTOGRAPHS], labels[batch])
                loss = loss + cross_entropy(logits[:, N_PHOTOGRAPHS:], turns)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
                bar.update()
    network.to(memory_format=torch.contiguous_format)


def _normalise(images: torch.Tensor) -> torch.Tensor:
    return (images.float() / 255.0 - INPUT_MEAN) / INPUT_STD


def _vary(images: torch.Tensor, turns: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Half of them grey, contrast and brightness changed, each rotated by its number of quarter turns."""
    import torch

    one_each = (len(images), 1, 1, 1)
    is_grey = torch.rand(one_each, generator=generator) < 0.5
    varied = torch.where(is_grey, images.mean(dim=1, keepdim=True), images)
    varied = varied * (0.6 + 0.8 * torch.rand(one_each, generator=generator))
    varied = varied + 0.8 * torch.rand(one_each, generator=generator) - 0.4
    for turn in range(1, N_TURNS):
        chosen = turns == turn
        varied[chosen] = torch.rot90(varied[chosen], turn, (2, 3))
    return varied.contiguous(memory_format=torch.channels_last)
