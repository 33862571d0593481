"""Where arrays enter: whatever holds numbers becomes one plain array, ordered by its labels, or is refused.

Numbers may come as an array, a nested list, a masked array (what is masked becomes NaN), a torch tensor (detached and
moved to the CPU), a pandas table or an xarray DataArray.  The last two are ordered by their labels,
or refused.  Text, complex numbers, dates and objects are never turned into numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainconv.errors import InvalidInputError, ResourceError

Axes = Mapping[str, Sequence[str] | None]

_KINDS = {
    "U": "text",
    "S": "bytes",
    "c": "complex numbers",
    "M": "dates",
    "m": "time differences",
    "V": "records",
    "T": "text",
}
_CURES = {"c": "take the real part or the magnitude first", "V": "take one field of it"}
_MOST_AXES = 8


def describe_value(value: Any) -> str:
    """What was found, in a few words: a short value itself, else its type and size.

    Parameters
    ----------
    value : object
        Any argument.
    """
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"a {type(value).__name__} of shape {tuple(shape)}"
    if isinstance(value, (str, bytes, int, float, complex, type(None), np.generic)):
        try:
            text = repr(value.item() if isinstance(value, np.generic) else value)
        except ValueError:  # an integer of more digits than Python prints
            text = "a number of thousands of digits"
        return text if len(text) <= 60 else f"{text[:57]}…"
    size = f" of {len(value)}" if isinstance(value, (list, tuple, set, dict)) else ""
    return f"a {type(value).__name__}{size}"


def find_package(value: Any) -> str | None:
    """Whether it is an object of pandas, xarray or torch (or of a subclass), none of which is imported for the answer.

    Parameters
    ----------
    value : object
        Any argument.
    """
    packages = (base.__module__.partition(".")[0] for base in type(value).__mro__)
    return next((package for package in packages if package in ("pandas", "xarray", "torch")), None)


def read_array(values: Any, *, what: str, axes: Axes | None = None, dtype: type | None = np.float64) -> NDArray[Any]:
    """Numbers as a plain array.

    Parameters
    ----------
    values : array_like
        Array, nested list, masked array, torch tensor, pandas table or DataArray.
    what : str
        The word for it in messages.
    axes : mapping of str to sequence of str or None, optional
        Name of each axis and the labels that it should have, in order; None where labels do not matter.
        Without it, a table that has labels is refused, because nothing here could be aligned with them.
    dtype : type, optional
        Type returned; None keeps float32 and float64 and makes everything else float64.

    Returns
    -------
    ndarray
        Of any shape.

    Raises
    ------
    InvalidInputError
        If it holds no real numbers, or its labels are not those expected.
    """
    package = find_package(values)
    if package == "pandas" and hasattr(values, "index"):
        array = _read_frame(values, what, axes)
    elif package == "xarray":
        array = _read_data_array(values, what, axes)
    else:
        array = _read_plain(values, what, 0)
    if dtype is None:
        dtype = array.dtype.type if array.dtype in (np.float32, np.float64) else np.float64
    if np.dtype(dtype).kind in "iu" and array.size and array.dtype.kind not in "iu":
        msg = f"{what}: found {array.dtype.name} values; expected whole numbers (an array of integers)."
        raise InvalidInputError(msg)
    return array.astype(dtype, copy=False)


def check_array(
    values: Any,
    shape: tuple[int | None, ...],
    *,
    what: str,
    finite: bool = False,
    dtype: type | None = np.float64,
    axes: Axes | None = None,
) -> NDArray[Any]:
    """Return ``values`` as an array of the given shape.

    Parameters
    ----------
    values : array_like
        What the user passed: see `read_array`.
    shape : tuple of int or None
        Expected length of each axis; ``None`` where any length will do.
    what : str
        The word for it in the message.
    finite : bool
        Refuse NaN and infinity.
    dtype : type, optional
        Type of the array returned; None keeps float32 and float64.
    axes : mapping of str to sequence of str or None, optional
        Names and labels of the axes, by which a labelled table is ordered.

    Raises
    ------
    InvalidInputError
        If the shape or the values are not as expected.
    """
    array = read_array(values, what=what, axes=axes, dtype=dtype)
    fits = array.ndim == len(shape) and all(
        want is None or have == want for have, want in zip(array.shape, shape, strict=True)
    )
    if not fits:
        wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ("," * (len(shape) == 1)) + ")"
        msg = f"{what} has shape {array.shape}; expected {wanted}."
        raise InvalidInputError(msg)
    if finite and not np.isfinite(array).all():
        n_bad = int((~np.isfinite(array)).sum())
        msg = f"{what} holds {n_bad} NaN or infinite value(s); every value must be finite."
        raise InvalidInputError(msg)
    return array


def check_allocation(n_bytes: int, *, what: str, advice: str) -> None:
    """Refuse what would not fit the free memory, before it is allocated.

    Parameters
    ----------
    n_bytes : int
        What would be allocated.
    what : str
        What for, as the subject of the sentence.
    advice : str
        What to do, as a clause.

    Raises
    ------
    ResourceError
        If it is more than the memory that is free.
    """
    if n_bytes < 2**28:  # not worth a look
        return
    import psutil

    free = int(psutil.virtual_memory().available)
    if n_bytes > free:
        msg = f"{what} would take {n_bytes / 2**30:,.1f} GiB of memory, and {free / 2**30:,.1f} GiB are free; {advice}."
        raise ResourceError(msg)


def check_broadcast(**arrays: NDArray[Any]) -> None:
    """Refuse arrays whose shapes do not go together.

    Parameters
    ----------
    **arrays : ndarray, any shape
        By the arguments' names.

    Raises
    ------
    InvalidInputError
        If NumPy cannot broadcast them.
    """
    try:
        np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError as error:
        shapes = " and ".join(f"{name} has shape {array.shape}" for name, array in arrays.items())
        msg = f"{shapes}; expected shapes that go together, element by element."
        raise InvalidInputError(msg) from error


def _read_plain(values: Any, what: str, depth: int) -> NDArray[Any]:
    if depth > _MOST_AXES:
        msg = f"{what}: found lists nested more than {_MOST_AXES} deep; expected an array of numbers."
        raise InvalidInputError(msg)
    if isinstance(values, np.ma.MaskedArray):
        plain = _refuse_other_kinds(values.data, what)
        return np.where(np.ma.getmaskarray(values), np.nan, plain) if np.ma.is_masked(values) else plain
    if find_package(values) == "torch" and hasattr(values, "detach"):
        return _refuse_other_kinds(_read_tensor(values, what), what)
    if isinstance(values, (list, tuple)) and not all(isinstance(value, (int, float)) for value in values):
        parts = [_read_plain(_strip(value, what), what, depth + 1) for value in values]
        if len({part.shape for part in parts}) > 1:
            msg = f"{what}: found rows of unequal shape; expected a full array, with NaN where unknown."
            raise InvalidInputError(msg)
        return np.stack(parts)
    if isinstance(values, (str, bytes, dict, set, frozenset, type(None))) or callable(values):
        msg = f"{what}: found {describe_value(values)}; expected an array of numbers."
        raise InvalidInputError(msg)
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        msg = f"{what} cannot be read as an array of numbers ({str(error).rstrip('.')}); expected one."
        raise InvalidInputError(msg) from error
    return _refuse_other_kinds(array, what)


def _strip(value: Any, what: str) -> Any:
    """An element of a list: labelled tables inside lists have nothing to be aligned with."""
    if find_package(value) in ("pandas", "xarray"):
        msg = (
            f"{what}: found a list that holds a {type(value).__name__}, whose labels would be lost; give plain arrays."
        )
        raise InvalidInputError(msg)
    return value


def _refuse_other_kinds(array: NDArray[Any], what: str) -> NDArray[Any]:
    """The array, if it holds real numbers."""
    kind = array.dtype.kind
    if kind in "biuf":
        return np.asarray(array)
    if kind == "O" and array.size and all(map(is_number, array.flat)):
        return array.astype(np.float64)
    if kind == "O" and array.ndim == 0:
        msg = f"{what}: found {describe_value(array.item())}; expected an array of numbers."
        raise InvalidInputError(msg)
    if kind == "O":
        odd = next((v for v in array.flat if not is_number(v)), None)
        msg = f"{what}: found {describe_value(odd)}; expected numbers, with NaN where nothing was measured."
        raise InvalidInputError(msg)
    example = f" ({describe_value(array.flat[0])}, …)" if array.size and kind in "US" else ""
    cure = _CURES.get(kind, "convert what are numbers with `.astype(float)` first")
    msg = f"{what}: found {_KINDS.get(kind, array.dtype.name)}{example}; expected real numbers: {cure}."
    raise InvalidInputError(msg)


def is_number(value: Any) -> bool:
    """Whether it is one real number (True and False are none).

    Parameters
    ----------
    value : object
        Any argument.
    """
    return isinstance(value, (Real, np.integer, np.floating)) and not isinstance(value, (bool, np.bool_))


def _read_tensor(values: Any, what: str) -> NDArray[Any]:
    if str(values.layout) != "torch.strided" or values.is_meta or values.is_quantized:
        kind = "a meta" if values.is_meta else "a quantised" if values.is_quantized else "a sparse"
        msg = f"{what}: found {kind} tensor; expected a dense one with values (`.to_dense()`, `.dequantize()`)."
        raise InvalidInputError(msg)
    tensor = values.detach().cpu()
    if str(tensor.dtype) == "torch.bfloat16":  # NumPy has no such type; float32 holds every one of its values
        tensor = tensor.float()
    array: NDArray[Any] = tensor.resolve_conj().resolve_neg().numpy()
    return array


def _read_frame(values: Any, what: str, axes: Axes | None) -> NDArray[Any]:
    """A pandas DataFrame, Series or Index by its labels."""
    if axes is None:
        raise InvalidInputError(_unaligned(values, what))
    labels = [values.index, values.columns] if values.ndim == 2 else [values.index]
    kinds = {str(kind) for kind in (values.dtypes if values.ndim == 2 else [values.dtype])}
    try:  # nullable columns hold pandas.NA, which is a NaN here
        nullable = any(kind[:1].isupper() for kind in kinds)
        array = values.to_numpy(dtype=np.float64, na_value=np.nan) if nullable else values.to_numpy()
    except (TypeError, ValueError) as error:
        msg = f"{what}: found columns that hold no numbers ({', '.join(sorted(kinds))}); leave them out first."
        raise InvalidInputError(msg) from error
    array = _refuse_other_kinds(array, what)
    for axis, (have, (name, want)) in enumerate(zip(labels, axes.items(), strict=False)):
        if want is not None:
            array = array.take(_match_labels(list(have), want, what=what, name=name), axis=axis)
    return array


def _read_data_array(values: Any, what: str, axes: Axes | None) -> NDArray[Any]:
    """An xarray DataArray by its dimensions and coordinates."""
    if not hasattr(values, "dims") or not hasattr(values, "to_numpy"):
        msg = f"{what}: found a {type(values).__name__}; expected one of its variables (a DataArray)."
        raise InvalidInputError(msg)
    if axes is None:
        raise InvalidInputError(_unaligned(values, what))
    dims = [str(dim) for dim in values.dims]
    unnamed = dims == [f"dim_{i}" for i in range(len(dims))]
    names = list(axes)[: len(dims)] if unnamed else [name for name in axes if name in dims]
    if len(names) != len(dims):
        msg = (
            f"{what} has the dimensions {', '.join(dims) or 'none'}; expected {', '.join(axes)}: "
            f"rename them (`.rename(…)`), or pass a plain array in that order (`.to_numpy()`)."
        )
        raise InvalidInputError(msg)
    if not unnamed:
        values = values.transpose(*names)
    array = _read_plain(values.to_numpy(), what, 0)
    for axis, (dim, name) in enumerate(zip(values.dims, names, strict=True)):
        want = axes[name]
        if want is not None and dim in values.coords:
            array = array.take(_match_labels(list(values.indexes[dim]), want, what=what, name=name), axis=axis)
    return array


def _match_labels(have: list[Any], want: Sequence[str], *, what: str, name: str) -> NDArray[np.intp]:
    """Where each label that is expected stands among those of a table."""
    labels = [str(label) for label in have]
    position = {label: i for i, label in enumerate(labels)}
    if len(position) == len(labels) == len(want) and all(label in position for label in want):
        return np.array([position[label] for label in want], dtype=np.intp)
    strange = next((label for label in labels if label not in set(want)), None)
    lacking = next((label for label in want if label not in position), None)
    if strange is None and lacking is None:
        found = "some of them more than once"
    else:
        found = f"for example {strange!r}" if strange is not None else f"without {lacking!r}"
    msg = (
        f"The labels of {what}, along {name}, are not the {len(want)} {name} ids ({len(labels)} labels, {found}); "
        f"label it by these ids, or pass `.to_numpy()` if it is in their order."
    )
    raise InvalidInputError(msg)


def _unaligned(values: Any, what: str) -> str:
    return (
        f"{what}: found a {type(values).__name__}, and there is nothing here to align its labels with; "
        f"pass `.to_numpy()` once it is in the right order."
    )
