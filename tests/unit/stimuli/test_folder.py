"""Reading stimuli from a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainconv.errors import DataUnavailableError, InvalidInputError
from brainconv.stimuli.folder import FolderImages, load_stimuli


def test_images_come_in_the_order_of_their_names_and_lazily(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = {name: np.full((4, 5, 3), value, np.uint8) for name, value in [("b", 10), ("a", 20), ("c", 30)]}
    for name, image in pixels.items():
        Image.fromarray(image).save(tmp_path / f"{name}.png")
    (tmp_path / "notes.txt").write_text("not an image", encoding="utf-8")
    (tmp_path / ".hidden.png").write_bytes(b"")
    opened: list[str] = []
    true_open = Image.open
    monkeypatch.setattr(Image, "open", lambda path: opened.append(Path(path).stem) or true_open(path))
    stimuli = load_stimuli(tmp_path, degrees=4.0, name="letters")
    assert stimuli.ids == ("a", "b", "c")
    assert (stimuli.name, stimuli.degrees) == ("letters", 4.0)
    assert opened == []
    np.testing.assert_array_equal(stimuli.select(["c"]).images[0], pixels["c"])
    assert opened == ["c"]
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
    with pytest.raises(DataUnavailableError, match=r"broken\.png"):
        load_stimuli(tmp_path).images[0]
    with pytest.raises(DataUnavailableError, match="gone now"):
        FolderImages([tmp_path / "lost.png"])[0]
    Image.fromarray(np.zeros((2, 2), np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(InvalidInputError, match="8 bits"):
        load_stimuli(tmp_path).images[1]


def test_names_that_differ_in_the_suffix_only_are_refused(tmp_path: Path) -> None:
    for suffix in ("png", "bmp"):
        Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / f"twin.{suffix}")
    with pytest.raises(InvalidInputError, match="twin"):
        load_stimuli(tmp_path)
