"""How every figure looks: colours, fonts, line styles, and how it is written to a file.

Nothing here touches matplotlib's global settings: a figure is drawn and written inside `figure_style`.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from brainconv.plotting.bitmaps import pack_bitmaps

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

#: The palette of Okabe and Ito (2008), told apart with every common colour-vision deficiency.
OKABE_ITO: dict[str, str] = {
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "black": "#000000",
    "yellow": "#F0E442",
}

INK = "#1f2328"
MUTED = "#5c636b"
RULE = "#c9cdd2"
CEILING = "#b9bec5"
SIMULATED_COLOUR = "#a33b00"

#: Perceptually uniform colour map of every matrix.
COLOUR_MAP = "viridis"

#: Left edge of headings, in parts of the width.
_LEFT = 0.012

_SERIES = ("blue", "vermillion", "green", "purple", "orange", "sky", "black")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_BASELINES = {"pixels": ("#6b7178", "s"), "v1_gabor": ("#000000", "D")}

_SETTINGS: dict[str, Any] = {
    "font.family": "sans-serif",
    # DejaVu comes with matplotlib and is the widest: what fits with it fits with the others that a reader may have.
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Helvetica", "Arial", "sans-serif"],
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.titlecolor": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": "#e6e8eb",
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.6,
    "lines.markersize": 4.5,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "savefig.dpi": 200,
    "text.parse_math": False,  # a $ in somebody's name is a $
    "svg.fonttype": "none",
    "svg.hashsalt": "brainconv",
}


#: Characters that no XML may hold, whatever a name holds.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@contextmanager
def figure_style() -> Iterator[None]:
    """Settings of matplotlib in which figures are drawn and written; the user's own return afterwards.

    Yields
    ------
    None
    """
    import matplotlib as mpl

    with mpl.rc_context(cast("Any", _SETTINGS)):
        yield


def create_figure(width: float, height: float) -> Figure:
    """An empty figure that belongs to nobody (pyplot does not know it, so that it cannot leak).

    Parameters
    ----------
    width, height : float
        In inches; a column of the report is 4.8 inches wide, the page 9.8.

    Returns
    -------
    Figure
        With a constrained layout, so that no text overlaps another.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def figure_to_svg(figure: Figure) -> str:
    """The figure as SVG with its text as text; the same figure gives the same characters.

    Parameters
    ----------
    figure : Figure

    Returns
    -------
    str
    """
    buffer = io.StringIO()
    with figure_style():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return pack_bitmaps(_UNWRITABLE.sub("\ufffd", buffer.getvalue()))


def figure_to_png(figure: Figure, *, dpi: int = 200) -> bytes:
    """The figure as PNG.

    Parameters
    ----------
    figure : Figure
    dpi : int
        Pixels per inch.

    Returns
    -------
    bytes
    """
    buffer = io.BytesIO()
    with figure_style():
        figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


@dataclass(frozen=True)
class SeriesStyle:
    """How one model with one set of weights is drawn.

    Parameters
    ----------
    label : str
        Its name in legends.
    colour : str
        The twin of a model has the model's colour.
    marker : str
        Shape, so that colour is never the only difference.
    dashed : bool
        Untrained twins are dashed and their markers hollow.
    """

    label: str
    colour: str
    marker: str
    dashed: bool

    @property
    def face(self) -> str:
        """Colour inside the marker."""
        return "white" if self.dashed else self.colour


def assign_series_styles(series: Iterable[tuple[str, str]]) -> dict[tuple[str, str], SeriesStyle]:
    """One style for each pair of model and weights, the same in every figure that gets the same models.

    Parameters
    ----------
    series : iterable of (str, str)
        Model and weights (``"default"``, ``"random"``, or the name of a checkpoint), in order.

    Returns
    -------
    dict
        From (model, weights) to its style.
    """
    pairs = list(dict.fromkeys(series))
    networks = [model for model in dict.fromkeys(model for model, _ in pairs) if model not in _BASELINES]
    styles = {}
    for model, weights in pairs:
        if model in _BASELINES:
            colour, marker = _BASELINES[model]
        else:
            place = networks.index(model)
            colour, marker = OKABE_ITO[_SERIES[place % len(_SERIES)]], _MARKERS[place % len(_MARKERS)]
        styles[model, weights] = SeriesStyle(series_label(model, weights), colour, marker, weights == "random")
    return styles


def series_label(model: str, weights: str) -> str:
    """Name of a model with its weights, as legends and tables call it.

    Parameters
    ----------
    model : str
    weights : str
        ``"default"`` is left unsaid, ``"random"`` is called untrained.

    Returns
    -------
    str
    """
    if weights in ("", "default"):
        return model
    return f"{model}, untrained" if weights == "random" else f"{model} ({weights})"


def break_label(label: str, width: int) -> str:
    """The label of an axis in two lines, where it is longer than the axis.

    Parameters
    ----------
    label : str
    width : int
        Characters that fit.

    Returns
    -------
    str
        Broken after its commas; as it was where it fits.
    """
    return label if len(label) <= width else label.replace(", ", ",\n")


def draw_heading(figure: Figure, title: str, said: Sequence[str], *, simulated: bool) -> None:
    """Write the title and, beneath it in small letters, what else must be said; call it when all else is drawn.

    Parameters
    ----------
    figure : Figure
        Its first axes bear the small letters, and no title of their own.
    title : str
    said : sequence of str
        Empty ones are left out.
    simulated : bool
        Put the word SIMULATED before the title.
    """
    width = float(figure.get_figwidth())
    head = textwrap.fill(f"SIMULATED · {title}" if simulated else title, int(10.8 * width))
    colour = SIMULATED_COLOUR if simulated else INK
    figure.suptitle(head, x=_LEFT, ha="left", fontsize=10, fontweight="bold", color=colour)
    small = textwrap.fill(" · ".join(filter(None, said)), int(14.5 * width))
    if small:
        first = figure.axes[0]
        text = first.set_title(small, fontsize=8, fontweight="normal", color=MUTED, loc="left", linespacing=1.3)
        figure.draw_without_rendering()  # the place of the axes is known only after the layout
        box = first.get_position()
        # the letters widen the axes and so move them a little in the final layout: never beyond the figure's edge
        text.set_x((_LEFT + 0.006 - box.x0) / box.width)


def wrap_name(name: str, width: int) -> str:
    """A name in lines, broken after a space, an underscore or a dot, and within a word only where it must be.

    Parameters
    ----------
    name : str
    width : int
        Characters in a line.

    Returns
    -------
    str
    """
    lines = [""]
    for part in re.split(r"(?<=[ _.])", name):
        for piece in textwrap.wrap(part, width, drop_whitespace=False):
            if lines[-1] and len(lines[-1] + piece.rstrip()) > width:
                lines.append("")
            lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)


def count_legend_columns(width: float, labels: Sequence[str]) -> int:
    """How many columns of a legend fit side by side.

    Parameters
    ----------
    width : float
        Of the figure, in inches.
    labels : sequence of str

    Returns
    -------
    int
    """
    for n_columns in range(len(labels), 1, -1):
        columns = np.array_split([len(label) for label in labels], n_columns)  # as matplotlib fills them
        if sum(0.55 + 0.062 * float(column.max()) for column in columns) <= width:
            return n_columns
    return 1


def draw_legend(figure: Figure, handles: Mapping[str, Artist]) -> None:
    """One legend below all axes, in as many columns as fit.

    Parameters
    ----------
    figure : Figure
    handles : mapping of str to Artist
        Label to what it labels.
    """
    columns = count_legend_columns(figure.get_figwidth(), list(handles))
    figure.legend(list(handles.values()), list(handles), loc="outside lower left", ncols=columns)
