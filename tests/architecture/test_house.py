"""Sizes, names, documentation and the mirror between tests and sources."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

import brainconv

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "brainconv").rglob("*.py"))
PUBLIC = {
    "Properties", "RDMs", "Recording", "Representation", "Scores", "StimulusSet",
    "compare", "compute_ceiling", "compute_rdms", "extract", "fit_gabors",
    "list_models", "list_recordings", "load_model", "load_recording",
    "score_predictivity", "score_rsa", "wrap_model",
}  # fmt: skip


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_files_are_small() -> None:
    sizes = {str(path.relative_to(ROOT)): lines_of(path) for path in SOURCES}
    too_long = {name: n for name, n in sizes.items() if n > 400}
    assert not too_long, f"above 400 lines: {too_long}"
    assert statistics.median(n for name, n in sizes.items() if not name.endswith("__init__.py")) <= 200


def test_scripts_are_thin() -> None:
    for path in (ROOT / "workflow" / "scripts").glob("*.py"):
        assert lines_of(path) <= 30, f"{path.name} has {lines_of(path)} lines; a script reads, calls once and writes"


def test_no_drawer() -> None:
    drawers = {"utils", "helpers", "tools", "misc", "common"}
    assert not [path for path in SOURCES if path.stem in drawers or path.parent.name in drawers]


def test_public_names() -> None:
    assert set(brainconv.__all__) == PUBLIC
    for name in PUBLIC:
        assert getattr(brainconv, name) is not None
    modules = {path.stem for path in SOURCES} | {path.parent.name for path in SOURCES}
    assert not {name for name in PUBLIC if name in modules - {"extract", "compare"}}


def test_import_is_light() -> None:
    code = (
        "import sys, brainconv; heavy = {'torch', 'rsatoolbox', 'sklearn', 'matplotlib', 'pandas'} & set(sys.modules);"
        " sys.exit(','.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, f"`import brainconv` loads {done.stderr}"


def public_functions() -> list[tuple[str, ast.FunctionDef]]:
    found = []
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        where = str(path.relative_to(ROOT))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                found.append((f"{where}::{node.name}", node))
            elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found += [
                    (f"{where}::{node.name}.{item.name}", item)
                    for item in node.body
                    if isinstance(item, ast.FunctionDef) and not item.name.startswith("_")
                ]
    return found


@pytest.mark.parametrize(
    ("where", "function"), public_functions(), ids=lambda item: item if isinstance(item, str) else ""
)
def test_public_functions_are_typed_and_documented(where: str, function: ast.FunctionDef) -> None:
    doc = ast.get_docstring(function)
    assert doc, f"{where} has no docstring"
    assert function.returns is not None, f"{where} has no return type"
    arguments = [
        argument
        for argument in [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        if argument.arg not in ("self", "cls") and not argument.arg.startswith("_")
    ]
    for argument in arguments:
        assert argument.annotation is not None, f"{where}: {argument.arg} has no type"
        assert argument.arg in doc, f"{where}: {argument.arg} is not documented"
    if any(argument.annotation and "NDArray" in ast.unparse(argument.annotation) for argument in arguments):
        assert "shape" in doc, f"{where} takes arrays and states no shape"


def test_library_never_asserts() -> None:
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        asserts = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)]
        assert not asserts, f"{path.relative_to(ROOT)} asserts in lines {asserts}; raise a sentence"


def test_tests_mirror_the_sources() -> None:
    for test in (ROOT / "tests" / "unit").rglob("test_*.py"):
        package = test.parent.relative_to(ROOT / "tests" / "unit")
        if package.parts == ("containers",):
            continue
        source = ROOT / "brainconv" / package / f"{test.stem.removeprefix('test_')}.py"
        folder = source.with_suffix("")
        assert source.exists() or folder.is_dir(), f"{test.relative_to(ROOT)} tests no file {source.relative_to(ROOT)}"
