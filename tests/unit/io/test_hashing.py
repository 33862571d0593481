from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import brainconv
from brainconv.containers import StimulusSet
from brainconv.errors import InvalidInputError, NotFoundError
from brainconv.io import hash_arrays, hash_files, hash_source, hash_state, hash_stimuli


def test_arrays_by_value_type_and_shape() -> None:
    a = np.arange(6.0)
    assert hash_arrays(a) == hash_arrays(a.copy()) == hash_arrays(a.astype(">f8")) == hash_arrays(np.repeat(a, 2)[::2])
    others = [a.reshape(2, 3), a.astype(np.float32), a + 1e-15 * a, a[::-1], np.append(a, 0.0)]
    assert len({hash_arrays(x) for x in [a, *others]}) == 6
    assert hash_arrays(a[:2], a[2:]) != hash_arrays(a[:3], a[3:])
    assert hash_arrays(["a", "bc"]) != hash_arrays(["ab", "c"])
    assert hash_arrays(["a"]) == hash_arrays(np.array(["a"], dtype="U9"))


def test_objects_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="cannot be hashed"):
        hash_arrays(np.array([object()]))


def test_stimuli_by_pixels_ids_and_degrees() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3), dtype=np.uint8)
    base = StimulusSet("a", ("x", "y", "z"), pixels, 4.0)
    table = pd.DataFrame({"group": ["g", "g", "h"]}, index=["x", "y", "z"])
    assert hash_stimuli(base) == hash_stimuli(StimulusSet("b", base.ids, list(pixels), 4.0, table))
    changed = pixels.copy()
    changed[2, 0, 0, 0] ^= 1
    others = [
        StimulusSet("a", base.ids, changed, 4.0),
        StimulusSet("a", ("x", "y", "w"), pixels, 4.0),
        StimulusSet("a", base.ids, pixels, None),
        base.select(["y", "x", "z"]),
    ]
    assert len({hash_stimuli(s) for s in [base, *others]}) == 5


def test_stimuli_hashed_while_they_pass_by_have_the_same_hash() -> None:
    from brainconv.stimuli.identity import StimulusHash

    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3), dtype=np.uint8)
    for degrees in (None, 8.0):
        passing = StimulusHash(degrees)
        for name, image in zip("xyz", pixels, strict=True):
            passing.add(name, image)
        assert passing.hexdigest() == hash_stimuli(StimulusSet("a", ("x", "y", "z"), pixels, degrees))


def test_state_does_not_depend_on_the_order_of_names() -> None:
    state = {"conv.weight": np.ones((2, 3), np.float32), "conv.bias": np.zeros(2, np.float32)}
    assert hash_state(state) == hash_state(dict(reversed(state.items())))
    assert hash_state(state) != hash_state({**state, "conv.bias": np.full(2, 1e-9, np.float32)})


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small package of that name, whose `top` reaches `leaf` by two steps and `lazy` by name."""
    files = {
        "__init__.py": "",
        "top.py": "from brainconv.middle import work\nDATA = 'rows.yaml'\n",
        "rows.yaml": "a: 1\n",
        "middle/__init__.py": "from .inner import work\n",
        "middle/inner.py": "from .. import leaf\nLAZY = 'brainconv.lazy'\ndef f():\n  import brainconv.deep.bottom\n",
        "leaf.py": "'''Doc.'''\nX = 1\n",
        "deep/__init__.py": "",
        "deep/bottom.py": "Y = 1\n",
        "lazy/__init__.py": "",
        "lazy/part.py": "Z = 1\n",
        "stranger.py": "W = 1\n",
    }
    for name, text in files.items():
        path = tmp_path / "brainconv" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "brainconv"


@pytest.mark.parametrize(
    "edited", ["top.py", "middle/inner.py", "leaf.py", "deep/bottom.py", "lazy/part.py", "rows.yaml"]
)
def test_an_edit_of_anything_reached_changes_the_hash(package: Path, edited: str) -> None:
    before = hash_source("brainconv.top", root=package)
    path = package / edited
    path.write_text(path.read_text() + "\nEDITED: 2\n")
    assert hash_source("brainconv.top", root=package) != before


def test_what_is_not_reached_and_what_is_not_code_does_not_count(package: Path) -> None:
    before = hash_source("brainconv.top", root=package)
    (package / "stranger.py").write_text("W = 2\n")
    (package / "leaf.py").write_text("'''Another doc.'''\n\n# why\nX   = 1\n")
    assert hash_source("brainconv.top", root=package) == before
    (package / "leaf.py").write_text("X = 2\n")
    assert hash_source("brainconv.top", root=package) != before


def test_all_modules_of_a_package_that_is_named(package: Path) -> None:
    before = hash_source("brainconv.lazy", root=package)
    (package / "lazy" / "part.py").write_text("Z = 2\n")
    assert hash_source("brainconv.lazy", root=package) != before


def test_the_real_package_in_a_copy(tmp_path: Path) -> None:
    source = Path(brainconv.__file__).parent
    copy = tmp_path / "brainconv"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    names = ("brainconv.io", "brainconv.recordings.load", "brainconv.containers.recording")
    before = {name: hash_source(name, root=copy) for name in names}
    assert before == {name: hash_source(name) for name in names}
    validation = copy / "validation.py"
    validation.write_text(validation.read_text().replace("difflib", "difflib", 1) + "\nNEW = 1\n")
    assert all(hash_source(name, root=copy) != before[name] for name in names)


def test_a_reader_counts_as_a_part_of_loading(tmp_path: Path) -> None:
    copy = tmp_path / "brainconv"
    shutil.copytree(Path(brainconv.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = hash_source("brainconv.recordings.load", root=copy)
    reader = copy / "recordings" / "readers" / "tang2018.py"
    reader.write_text(reader.read_text() + "\nNEW = 1\n")
    assert hash_source("brainconv.recordings.load", root=copy) != before


def test_an_unknown_module_is_named() -> None:
    with pytest.raises(NotFoundError, match=r"brainconv\.similarty"):
        hash_source("brainconv.similarty")


def test_files_by_what_is_in_them(tmp_path: Path) -> None:
    path, other = tmp_path / "a.npy", tmp_path / "b.npy"
    path.write_bytes(b"1")
    other.write_bytes(b"1")
    before = hash_files(path)
    assert hash_files(str(other)) == before, "a name does not count"
    path.write_bytes(b"2")
    assert hash_files(path) != before
    with pytest.raises(NotFoundError, match=r"no file .*gone.npy"):
        hash_files(tmp_path / "gone.npy")


def test_a_folder_by_its_files(tmp_path: Path) -> None:
    (tmp_path / "images" / "deep").mkdir(parents=True)
    (tmp_path / "images" / "deep" / "1.png").write_bytes(b"1")
    before = hash_files(tmp_path / "images")
    (tmp_path / "images" / "deep" / "1.png").write_bytes(b"22")
    changed = hash_files(tmp_path / "images")
    (tmp_path / "images" / "2.png").write_bytes(b"1")
    assert len({before, changed, hash_files(tmp_path / "images")}) == 3


def test_templates_and_styles_of_a_folder_that_is_named_count(tmp_path: Path) -> None:
    templates = tmp_path / "brainconv" / "templates"
    templates.mkdir(parents=True)
    (tmp_path / "brainconv" / "page.py").write_text('FOLDER = "templates"\n')
    for name in ("page.html.j2", "style.css", "page.md"):
        (templates / name).write_text("old")
    found = [hash_source("brainconv.page", root=tmp_path / "brainconv")]
    for name in ("page.html.j2", "style.css", "page.md"):
        (templates / name).write_text("new")
        found.append(hash_source("brainconv.page", root=tmp_path / "brainconv"))
    assert len(set(found)) == 3
    assert found[2] == found[3], "what is no template is not drawn"
