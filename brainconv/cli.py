"""The ``brainconv`` command: what there is, fetching it, and comparing one model without a workflow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brainconv import __version__
from brainconv.errors import BrainconvError, NotFoundError

HELP = "Compare convolutional networks with the primate ventral visual stream."
app = typer.Typer(no_args_is_help=True)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback(help=HELP)
def main(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Compare convolutional networks with the primate ventral visual stream.

    Parameters
    ----------
    version : bool
        Print the version and stop.
    """


@app.command(help="List the registered models.")
def models(pattern: Annotated[str, typer.Argument(help="Glob, such as 'resnet*'.")] = "*") -> None:
    """List the registered models.

    Parameters
    ----------
    pattern : str
        Glob over names.
    """
    from brainconv.models import list_models

    with _clear_errors():
        _print_names(list_models(pattern), f"No model matches {pattern!r}; `brainconv models` lists them all.")


@app.command(help="List the registered recordings.")
def recordings(
    pattern: Annotated[str, typer.Argument(help="Glob, such as 'cowley*'.")] = "*",
    area: Annotated[str | None, typer.Option(help="Only recordings of this area.")] = None,
) -> None:
    """List the registered recordings.

    Parameters
    ----------
    pattern : str
        Glob over names.
    area : str, optional
        ``"V1"``, ``"V2"``, ``"V4"`` or ``"IT"``.
    """
    from brainconv.recordings import list_recordings

    with _clear_errors():
        where = "" if area is None else f" with area {area!r}"
        found = list_recordings(pattern, area=area)
        _print_names(found, f"No recording{where} matches {pattern!r}; `brainconv recordings` lists them all.")


@app.command(help="Download recordings (or find them in the data folder) and check their checksums.")
def fetch(
    names: Annotated[list[str], typer.Argument(help="Recordings to download.")],
    data_dir: Annotated[Path | None, typer.Option(help="Folder that is searched first and written to.")] = None,
) -> None:
    """Download recordings (or find them in the data folder) and check their checksums.

    Parameters
    ----------
    names : list of str
        Registered recordings.
    data_dir : path, optional
        Folder searched first.
    """
    from brainconv.recordings import fetch_recording

    with _clear_errors():
        for name in names:
            for path in fetch_recording(name, data_dir=data_dir):
                typer.echo(path)


@app.command(help="Compare one model with recordings and write the report.")
def compare(
    model: Annotated[str, typer.Argument(help="A registered model, or timm:<name>.")],
    *,
    recording: Annotated[list[str], typer.Option(help="Recordings to compare it with; may be given several times.")],
    weights: Annotated[str, typer.Option(help="'default', 'random', or a checkpoint.")] = "default",
    layer: Annotated[list[str] | None, typer.Option(help="Layers to compare; all registered ones if left out.")] = None,
    analysis: Annotated[
        list[str] | None,
        typer.Option(help="rsa, predictivity, first_layer; all that the recordings allow if left out."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    seed: Annotated[int, typer.Option(help="Seed of random weights and of every random step.")] = 0,
    report: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("report.html"),
    data_dir: Annotated[Path | None, typer.Option(help="Folder that is searched first.")] = None,
) -> None:
    """Compare one model with recordings and write the report.

    Parameters
    ----------
    model : str
        Name of the model.
    recording : list of str
        Names of the recordings.
    weights : str
        Which weights.
    layer : list of str, optional
        Which layers.
    analysis : list of str, optional
        Which analyses.
    device : str
        Where the network runs.
    seed : int
        Seed of every random step.
    report : path
        The HTML page to write.
    data_dir : path, optional
        Folder searched first.
    """
    from brainconv.io.atomic import check_target
    from brainconv.models import load_model
    from brainconv.pipeline import compare as run
    from brainconv.pipeline.compare import ANALYSES, check_names
    from brainconv.pipeline.prepare import check_layer_names
    from brainconv.validation import check_choice

    with _clear_errors():
        # all that can be wrong without a download comes before the first one
        check_target(report, what="report")
        check_names(recording)
        for name in analysis or ():
            check_choice(name, ANALYSES, what="analysis")
        random = weights == "random"
        check_layer_names({"name": model, "weights": weights, "layers": layer})
        network = load_model(
            model, weights=None if random else weights, device=device, seed=seed if random else None, data_dir=data_dir
        )
        comparison = run(
            network, recording, analyses=analysis, layers=layer or None, random_state=seed, data_dir=data_dir
        )
        comparison.save_report(report)
    typer.echo(report)


def _print_names(names: list[str], otherwise: str) -> None:
    if not names:
        raise NotFoundError(otherwise)
    for name in names:
        typer.echo(name)


class _clear_errors:  # noqa: N801  (used like a function)
    """Turn our own errors into one sentence and exit code 1."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, BrainconvError):
            typer.secho(f"brainconv: {error}", err=True, fg=typer.colors.RED)
            raise typer.Exit(1) from error
