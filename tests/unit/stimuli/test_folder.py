"""Reading stimuli from a folder."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainconv.errors import BrainconvWarning, DataUnavailableError, InvalidInputError
from brainconv.stimuli.folder import FolderImages, load_stimuli


def test_images_come_in_the_order_of_their_names_and_lazily(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = {name: np.full((4, 5, 3), value, np.uint8) for name, value in [("b", 10), ("a", 20), ("c", 30)]}
    for name, image in pixels.items():
        Image.fromarray(image).save(tmp_path / f"{name}.png")
    (tmp_path / "notes.txt").write_text("not an image", encoding="utf-8")
    (tmp_path / ".hidden.png").write_bytes(b"")
    opened: list[str] = []
    true_open = Image.open
    monkeypatch.setattr(Image, "open", lambda *args, **kw: opened.append("one") or true_open(*args, **kw))
    stimuli = load_stimuli(tmp_path, degrees=4.0, name="letters")
    assert stimuli.ids == ("a", "b", "c")
    assert (stimuli.name, stimuli.degrees) == ("letters", 4.0)
    assert opened == []
    np.testing.assert_array_equal(stimuli.select(["c"]).images[0], pixels["c"])
    assert opened == ["one"]
    assert load_stimuli(tmp_path).name == tmp_path.name


def test_grey_palette_and_transparent_pixels_become_rgb(tmp_path: Path) -> None:
    Image.fromarray(np.full((3, 3), 77, np.uint8)).save(tmp_path / "grey.png")
    rgba = np.zeros((3, 3, 4), np.uint8)
    rgba[..., 0], rgba[0, 0, 3] = 200, 255
    Image.fromarray(rgba).save(tmp_path / "see_through.png")
    Image.fromarray(np.full((3, 3, 3), (9, 8, 7), np.uint8)).convert("P").save(tmp_path / "palette.gif")
    grey, palette, clear = (np.asarray(image) for image in load_stimuli(tmp_path).images)
    assert grey.shape == palette.shape == clear.shape == (3, 3, 3)
    assert (grey == 77).all()
    assert clear[0, 0].tolist() == [200, 0, 0]
    assert (clear[1:] == 128).all()


def test_what_is_not_there_or_no_image_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataUnavailableError, match="no folder"):
        load_stimuli(tmp_path / "nowhere")
    with pytest.raises(InvalidInputError, match="no image file"):
        load_stimuli(tmp_path)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(InvalidInputError, match=r"broken\.png' cannot be decoded as an image: its content is none of"):
        load_stimuli(tmp_path).images[0]
    with pytest.raises(DataUnavailableError, match="gone now"):
        FolderImages([tmp_path / "lost.png"])[0]
    with pytest.raises(DataUnavailableError, match="is a file"):
        load_stimuli(tmp_path / "broken.png")
    for strange in (None, 3, b"x", "a\0b"):
        with pytest.raises(InvalidInputError, match="expected the path of a file or folder"):
            load_stimuli(strange)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        (["1", "10", "2"], ["1", "2", "10"]),
        (["image10", "image9", "image010", "image"], ["image", "image9", "image010", "image10"]),
        (["b1a10", "b1a9", "a2", "10b", "9b"], ["9b", "10b", "a2", "b1a9", "b1a10"]),
    ],
)
def test_numbers_in_names_count_by_value(tmp_path: Path, names: list[str], ordered: list[str]) -> None:
    for name in names:
        Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / f"{name}.png")
    assert list(load_stimuli(tmp_path).ids) == ordered


def test_links_that_lead_nowhere_are_named(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / "there.png")
    (tmp_path / "good.png").symlink_to("there.png")
    assert load_stimuli(tmp_path).ids == ("good", "there")
    for target in ("moved/away.png", "lost.png"):  # the second leads to itself
        (tmp_path / "lost.png").symlink_to(target)
        with pytest.raises(DataUnavailableError, match=rf"lost\.png' is a link to '{target}', which is not there"):
            load_stimuli(tmp_path)
        (tmp_path / "lost.png").unlink()


def test_pictures_of_other_formats_are_not_passed_over_in_silence(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / "a.png")
    for name in ("b.heic", "c.SVG", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    with pytest.warns(BrainconvWarning, match=r"2 picture\(s\) in .* are left out, for example 'b\.heic'"):
        assert load_stimuli(tmp_path).ids == ("a",)


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"\xe9.png")).write_bytes(b"")
    except OSError:
        pytest.skip("this file system holds valid names only")
    with pytest.raises(InvalidInputError, match="not valid UTF-8"):
        load_stimuli(tmp_path)


def test_a_file_that_became_something_else_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(path)
    images = load_stimuli(tmp_path).images
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(DataUnavailableError, match="no regular file"):
        images[0]
    path.unlink()
    path.mkdir()
    with pytest.raises(DataUnavailableError, match="no regular file"):
        images[0]
    path.rmdir()
    with path.open("wb") as file:
        file.truncate(65 << 20)
    with pytest.raises(InvalidInputError, match="at most 67108864 are read"):
        images[0]


def test_names_that_differ_in_the_suffix_only_are_refused(tmp_path: Path) -> None:
    for suffix in ("png", "bmp"):
        Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / f"twin.{suffix}")
    with pytest.raises(InvalidInputError, match="twin"):
        load_stimuli(tmp_path)
