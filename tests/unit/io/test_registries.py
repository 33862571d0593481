"""YAML of the user's with limits, and names in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from brainconv.errors import InvalidInputError
from brainconv.io.registries import check_key, read_yaml


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[" * 100_000, "is nested more than 50 deep"),
        ("{a: " * 60 + "1" + "}" * 60, "is nested more than 50 deep"),
        ("a: 1\na: 2\n", "has the key 'a' twice (line 2)"),
        ("&a [*a]", "holds itself"),
        ("a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
            f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 10)}]\n" for i in range(7)
        ), "stands for more than 1,000,000 values"),
        ("a: [", "cannot be read as YAML"),
        ("a: !!python/object/apply:os.system [ls]", "cannot be read as YAML"),
        ("? [1]\n: 2", "cannot be read as YAML"),
        ("a: 2015-13-45", "cannot be read as YAML"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInputError) as caught:
        read_yaml(path, what="The registry own.yaml")
    assert sentence in str(caught.value)
    assert "own.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    for path, content in ((tmp_path / "big.yaml", b"a" * 10_000_001), (tmp_path / "bytes.yaml", b"\xff\xfe\x00")):
        path.write_bytes(content)
        with pytest.raises(InvalidInputError, match=r"expected at most|cannot be read"):
            read_yaml(path, what=f"The registry {path.name}")
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_yaml(tmp_path, what="The registry")


def test_anchors_and_merged_keys_are_read(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n", encoding="utf-8")
    assert read_yaml(path, what="it") == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}


@pytest.mark.parametrize(
    "name",
    ["", "a/p", "../../../escape", "a b", "{a}", "<b>", r"$\frac{x", "\ud800", "a" * 81, ".a", "a\n", "é", 50, True],
)  # fmt: skip
def test_keys_that_name_no_file(name: object) -> None:
    with pytest.raises(InvalidInputError, match="The key is ") as caught:
        check_key(name, what="key")
    assert len(str(caught.value)) < 250
    str(caught.value).encode("utf-8")


def test_keys_that_name_one() -> None:
    for name in ("squeezenet.untrained", "cowley2023.210325", "timm_x-y+z", "7T"):
        assert check_key(name, what="key") == name
