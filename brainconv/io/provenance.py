"""Provenance: what made a file.  No times and no names of machines, so that equal runs write equal files."""

from __future__ import annotations

import functools
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from brainconv.containers import Representation
from brainconv.containers.checks import check_representations
from brainconv.validation import check_instance

PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "xarray",
    "scikit-learn",
    "scikit-image",
    "pillow",
    "torch",
    "torchvision",
    "timm",
    "rsatoolbox",
    "snakemake",
)
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def collect_provenance(**extra: Any) -> dict[str, Any]:
    """What is known about the running program.

    Parameters
    ----------
    **extra
        Put in as they are: ``seed=0, weights_sha256="…", stimuli_sha256="…", device="cpu"``.

    Returns
    -------
    dict
        ``brainconv`` (version), ``git_commit`` (None outside a checkout; with ``+changes`` where tracked files
        differ from it), ``python``, ``platform``, ``packages``, ``threads`` and, if torch is imported already,
        ``torch`` (threads, TF32, CUDA device).
    """
    found: dict[str, Any] = {
        "brainconv": sys.modules["brainconv"].__version__,
        "git_commit": _git_commit(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": dict(_package_versions()),
        "threads": {
            "cpu_count": os.cpu_count(),
            **{name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ},
        },
    }
    torch = sys.modules.get("torch")
    if torch is not None:
        found["torch"] = _torch_state(torch)
    return {**found, **extra}


def inherit_provenance(representations: Mapping[str, Representation], **extra: Any) -> dict[str, Any]:
    """What is known about the running program, and about the network and the images that layers come from.

    Parameters
    ----------
    representations : mapping of str to Representation
        Layers of one network for one stimulus set.
    **extra
        Put in as they are.

    Returns
    -------
    dict
        That of `collect_provenance`, with ``model``, ``weights``, ``weights_seed``, ``weights_sha256``, ``stimuli``,
        ``stimuli_sha256``, ``device``, ``preprocessing`` and ``notes`` as far as the layers state them.
    """
    check_instance(representations, Mapping, what="representations", hint="layer to Representation")
    if representations:
        check_representations(representations)
    first = next(iter(representations.values()), None)
    if first is None:
        return collect_provenance(**extra)
    names = ("weights_sha256", "stimuli", "stimuli_sha256", "device", "preprocessing", "input_size", "notes")
    source = {"model": first.model, "weights": first.weights, "weights_seed": first.seed}
    source |= {name: first.provenance[name] for name in names if name in first.provenance}
    return collect_provenance(**source, **extra)


@functools.cache
def _package_versions() -> tuple[tuple[str, str], ...]:
    versions = []
    for name in PACKAGES:
        try:
            versions.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return tuple(versions)


@functools.cache
def _git_commit() -> str | None:
    """Commit of the checkout that this package lies in; merely lying inside another repository does not count."""
    folder = Path(__file__).resolve().parent.parent.parent
    if not (folder / ".git").exists():
        return None
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return commit + ("+changes" if changed else "")


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True, timeout=20)
    return done.stdout.strip()


def _torch_state(torch: Any) -> dict[str, Any]:
    cuda = torch.cuda.is_available()
    return {
        "n_threads": torch.get_num_threads(),
        "tf32_matmul": bool(torch.backends.cuda.matmul.allow_tf32),
        "tf32_convolution": bool(torch.backends.cudnn.allow_tf32),
        "cuda": torch.version.cuda,
        "cuda_device": torch.cuda.get_device_name() if cuda else None,
    }
