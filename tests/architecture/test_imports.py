"""Who may import whom (DESIGN): every file is parsed, so that a forbidden import fails before it runs."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BASE = {"errors", "arrays", "validation", "containers"}
ANYTHING = {"pipeline", "cli"}
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "arrays": {"errors"},
    "validation": {"errors", "arrays"},
    "containers": {"errors", "arrays", "validation"},
    "reliability": BASE,
    "similarity": BASE | {"reliability"},
    "predictivity": BASE | {"reliability"},
    "physiology": BASE,
    "stimuli": BASE,
    "io": BASE,
    "models": BASE | {"io", "stimuli"},
    "extraction": BASE | {"models", "stimuli"},
    "attribution": BASE | {"models", "stimuli"},
    "synthesis": BASE | {"models", "stimuli"},
    "recordings": BASE | {"io", "stimuli"},
    "plotting": BASE,
    "report": BASE | {"plotting"},
}
SOURCES = sorted((ROOT / "brainconv").rglob("*.py"))


def package_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "brainconv"


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path, *, at_import_time: bool = False) -> set[str]:
    """Dotted names that a file imports; only those outside functions and TYPE_CHECKING where asked."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if at_import_time and (
            isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        ):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_follow_the_layers(path: Path) -> None:
    package = package_of(name_of(path))
    imported = imports_of(path)
    tops = {name.split(".")[0] for name in imported}
    assert "snakemake" not in tops, "the library never imports snakemake"
    if package in ANYTHING or package in ("brainconv", "__main__"):
        return
    ours = {package_of(name) for name in imported if name.startswith("brainconv.")} - {package}
    forbidden = ours - ALLOWED[package]
    assert not forbidden, (
        f"{name_of(path)} ({package}) must not import brainconv.{', brainconv.'.join(sorted(forbidden))}"
    )


@pytest.mark.parametrize("package", ["similarity", "predictivity", "reliability", "containers", "recordings", "io"])
def test_these_run_without_torch(package: str) -> None:
    for path in (ROOT / "brainconv" / package).rglob("*.py"):
        names = {name.split(".")[0] for name in imports_of(path, at_import_time=True)}
        assert not names & {"torch", "torchvision"}, f"{name_of(path)} imports torch"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_heavy_packages_are_imported_where_they_are_used(path: Path) -> None:
    names = {name.split(".")[0] for name in imports_of(path, at_import_time=True)}
    heavy = names & {"rsatoolbox", "sklearn", "skimage", "timm"}
    assert not heavy, f"{name_of(path)} imports {', '.join(heavy)} when it is loaded; import inside the function"


def test_there_is_no_circle() -> None:
    modules = {name_of(path): path for path in SOURCES}
    graph = {
        name: {other for other in imports_of(path, at_import_time=True) if other in modules and other != name}
        for name, path in modules.items()
    }
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, "circle: " + " -> ".join([*trail[trail.index(name) :], name])
        if name in done:
            return
        # a package's __init__ re-exports its own files; they are part of it and may not import it back
        for other in graph[name]:
            walk(other, (*trail, name))
        done.add(name)

    for name in graph:
        walk(name, ())
