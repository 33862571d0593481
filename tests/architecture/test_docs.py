"""Documentation that can be checked: the API page, paths and commands that are named."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import brainconv

PAGES = ("README.md", "CONTRIBUTING.md", "docs/*.md", "config/README.md", "data/README.md", "results/README.md")


def test_every_public_name_stands_on_the_api_page(repository: Path) -> None:
    page = (repository / "docs" / "api.md").read_text(encoding="utf-8")
    sections = dict(zip(*[iter(re.split(r"^## (\S+)$", page, flags=re.MULTILINE)[1:])] * 2, strict=True))
    packages = ["brainconv", *(found.name for found in iter_modules(brainconv.__path__, "brainconv.") if found.ispkg)]
    for package in packages:
        names = set(getattr(import_module(package), "__all__", ()))
        listed = set(re.findall(r"^\| `(\w+)(?:\(\))?` \| .+ \|$", sections.get(package, ""), flags=re.MULTILINE))
        assert listed == names, f"{package}: run python docs/describe_api.py > docs/api.md"


@pytest.mark.parametrize("pattern", PAGES)
def test_links_and_paths_lead_somewhere(repository: Path, pattern: str) -> None:
    for page in repository.glob(pattern):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"(?<!!)\[[^\]]*\]\((?!https?://|#)([^)#]+)", text):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
        for path in re.findall(r"(?:--configfile|--workflow-profile) (\S+?)`?(?:\s|$)", text):
            assert (repository / path).exists(), f"{page.name} names {path}"


def test_python_in_the_pages_is_python(repository: Path) -> None:
    blocks = [
        (page, block)
        for page in [repository / "README.md", *(repository / "docs").glob("*.md")]
        for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    ]
    assert blocks
    for page, block in blocks:
        compile(block, str(page), "exec")
        for name in re.findall(r"\bbc\.(\w+)", block):
            assert hasattr(brainconv, name), f"{page.name} uses bc.{name}"


def test_the_quickstart_in_python_runs_as_it_stands(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (repository / "docs" / "quickstart.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    names: dict[str, object] = {}
    exec(block, names)
    assert len(names["rdms"]) == len(names["layers"]) > 1  # type: ignore[arg-type]
    assert "relu1" in capsys.readouterr().out
