"""Networks of timm (optional): any name, with the preprocessing that timm states for its weights."""

from __future__ import annotations

from fnmatch import fnmatchcase
from types import ModuleType
from typing import TYPE_CHECKING, Any

from brainconv.errors import DataUnavailableError, InvalidInputError, MissingDependencyError
from brainconv.models.preprocessing import Preprocessing
from brainconv.validation import check_choice

if TYPE_CHECKING:
    import torch

PREFIX = "timm:"


def import_timm() -> ModuleType:
    """timm, or a sentence on how to get it.

    Raises
    ------
    MissingDependencyError
        If timm is not installed.
    """
    try:
        import timm
    except ImportError as error:
        msg = "This model comes from timm, which is not installed; install it with `pip install 'brainconv[timm]'`."
        raise MissingDependencyError(msg) from error
    return timm


def list_timm_names(pattern: str = "*") -> list[str]:
    """Names of timm's networks with published weights, as ``timm:<name>``.

    Parameters
    ----------
    pattern : str
        Glob over the names, with or without ``timm:``.

    Raises
    ------
    MissingDependencyError
        If timm is not installed.
    """
    timm = import_timm()
    wanted = pattern.removeprefix(PREFIX)
    known = {*timm.list_models(), *timm.list_pretrained()}
    return sorted(PREFIX + name for name in known if fnmatchcase(name, wanted))


def build_timm(timm_name: str) -> torch.nn.Module:
    """One of timm's networks with random weights.

    Parameters
    ----------
    timm_name : str
        ``architecture`` or ``architecture.tag``.

    Raises
    ------
    MissingDependencyError
        If timm is not installed.
    NotFoundError
        If timm has no such network.
    """
    timm = import_timm()
    check_choice(timm_name.partition(".")[0], timm.list_models(), what="timm model")
    if "." in timm_name:
        check_choice(timm_name, timm.list_pretrained(), what="timm weights")
    return timm.create_model(timm_name, pretrained=False)  # type: ignore[no-any-return]


def fetch_timm_state(timm_name: str) -> dict[str, torch.Tensor]:
    """The published weights of one of timm's networks.

    Parameters
    ----------
    timm_name : str

    Raises
    ------
    DataUnavailableError
        If they cannot be downloaded.
    """
    timm = import_timm()
    try:
        return timm.create_model(timm_name, pretrained=True).state_dict()  # type: ignore[no-any-return]
    except Exception as error:  # timm's hub client has its own family of exceptions
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        msg = (
            f"Weights of {PREFIX}{timm_name} cannot be had through timm: {reason}; download them where there is a "
            f"network and give weights=<path of the .safetensors file>, or weights=None for the untrained twin."
        )
        raise DataUnavailableError(msg) from error


def read_preprocessing(module: torch.nn.Module) -> Preprocessing:
    """Preprocessing that timm states in a network's ``pretrained_cfg``.

    Size, interpolation, mean and standard deviation are timm's; the image is squashed to the input instead of cropped
    (``crop_pct``), so that nothing of a stimulus is cut off and its size in degrees stays right.

    Parameters
    ----------
    module : torch.nn.Module

    Raises
    ------
    InvalidInputError
        If the network's input is not square RGB.
    """
    settings: dict[str, Any] = dict(getattr(module, "pretrained_cfg", None) or {})
    channels, height, width = settings.get("input_size", (3, 224, 224))
    if channels != 3 or height != width:
        msg = f"The network's input is {channels} × {height} × {width}; expected three channels and a square image."
        raise InvalidInputError(msg)
    default = Preprocessing()
    return Preprocessing(
        input_size=height,
        interpolation=settings.get("interpolation") or default.interpolation,
        mean=tuple(settings.get("mean") or default.mean),
        std=tuple(settings.get("std") or default.std),
    )
