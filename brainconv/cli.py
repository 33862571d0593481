"""The ``brainconv`` command: what there is, fetching it, and comparing one model without a workflow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brainconv.errors import BrainconvError

app = typer.Typer(help="Compare convolutional networks with the primate ventral visual stream.", no_args_is_help=True)


@app.command()
def models(pattern: Annotated[str, typer.Argument(help="Glob, such as 'resnet*'.")] = "*") -> None:
    """List the registered models.

    Parameters
    ----------
    pattern : str
        Glob over names.
    """
    from brainconv.models import list_models

    for name in list_models(pattern):
        typer.echo(name)


@app.command()
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

    for name in list_recordings(pattern, area=area):
        typer.echo(name)


@app.command()
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


@app.command()
def compare(
    model: Annotated[str, typer.Argument(help="A registered model, or timm:<name>.")],
    recording: Annotated[list[str], typer.Option(help="Recordings to compare it with; may be given several times.")],
    weights: Annotated[str, typer.Option(help="'default', 'random', or a checkpoint.")] = "default",
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
    seed : int
        Seed of every random step.
    report : path
        The HTML page to write.
    data_dir : path, optional
        Folder searched first.
    """
    from brainconv.models import load_model
    from brainconv.pipeline import compare as run

    with _clear_errors():
        network = load_model(
            model, weights=None if weights == "random" else weights, seed=seed if weights == "random" else None
        )
        comparison = run(network, recording, random_state=seed, data_dir=data_dir)
        comparison.save_report(report)
    typer.echo(report)


class _clear_errors:  # noqa: N801  (used like a function)
    """Turn our own errors into one sentence and exit code 1."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, BrainconvError):
            typer.secho(f"brainconv: {error}", err=True, fg=typer.colors.RED)
            raise typer.Exit(1) from error
