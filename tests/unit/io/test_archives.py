from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brainconv.errors import InvalidInputError
from brainconv.io import ZipImages
from brainconv.io.archives import CroppedImages, trailing_number


def png(array: np.ndarray, mode: str | None = None) -> bytes:
    stream = io.BytesIO()
    picture = Image.fromarray(array)
    (picture.convert(mode) if mode else picture).save(stream, "PNG")
    return stream.getvalue()


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def flat(value: int) -> bytes:
    return png(np.full((4, 6, 3), value, np.uint8))


def test_images_come_by_number_not_by_place_or_alphabet(tmp_path: Path) -> None:
    names = ["d/10.png", "d/9.png", "d/1.png", "__MACOSX/d/1.png", "d/readme.txt", "d/.hidden2.png"]
    path = archive(tmp_path / "a.zip", {name: flat(i) for i, name in enumerate(names)})
    images = ZipImages(path)
    assert images.members == ("d/1.png", "d/9.png", "d/10.png")
    assert images.keys == (1, 9, 10)
    assert [int(images[i][0, 0, 0]) for i in range(3)] == [2, 1, 0]
    assert images[0].dtype == np.uint8
    assert images[0].shape == (4, 6, 3)
    assert int(images[-1][0, 0, 0]) == 0
    with pytest.raises(IndexError):
        images[3]


def test_a_folder_can_be_chosen_by_its_end(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"repo-1/data/pattern/1.png": flat(1), "repo-1/data/nopattern/1.png": flat(2)})
    images = ZipImages(path, folder="data/pattern")
    assert images.members == ("repo-1/data/pattern/1.png",)
    with pytest.raises(InvalidInputError, match="holds no image in a folder 'elsewhere'"):
        ZipImages(path, folder="elsewhere")


@pytest.mark.parametrize("name", ["../1.png", "a/../../1.png", "/etc/1.png", "C:/1.png", "..\\1.png"])
def test_a_member_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "a.zip", {"2.png": flat(0), name: flat(1)})
    with pytest.raises(InvalidInputError, match="leads out of its folder"):
        ZipImages(path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.zip"]


def test_two_images_of_one_number_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="same number"):
        ZipImages(archive(tmp_path / "a.zip", {"01.png": flat(0), "1.png": flat(1)}))


def test_a_huge_member_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brainconv.containers.pixels.LARGEST_FILE_BYTES", 10)
    with pytest.raises(InvalidInputError, match="at most 10 are read"):
        ZipImages(archive(tmp_path / "a.zip", {"1.png": flat(0)}))


def test_damage_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("hello")
    with pytest.raises(InvalidInputError, match="cannot be read as a zip archive"):
        ZipImages(tmp_path / "text.zip")
    images = ZipImages(archive(tmp_path / "a.zip", {"1.png": b"no image"}))
    with pytest.raises(InvalidInputError, match=r"1\.png in .* cannot be decoded"):
        images[0]
    data = bytearray(archive(tmp_path / "b.zip", {"1.png": flat(0)}).read_bytes())
    data[60] ^= 255
    (tmp_path / "b.zip").write_bytes(data)
    with pytest.raises(InvalidInputError, match="is damaged"):
        ZipImages(tmp_path / "b.zip")[0]
    for name in ("image.png", "9" * 5000 + ".png"):
        with pytest.raises(InvalidInputError, match="no number"):
            trailing_number(name)


def packed(tmp_path: Path, compression: int) -> Path:
    path = tmp_path / "packed.zip"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("1.png", png(noise))
    return path


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_flipped_byte_of_a_member_is_noticed(tmp_path: Path, compression: int) -> None:
    path = packed(tmp_path, compression)
    whole = path.read_bytes()
    pixels = ZipImages(path)[0]
    refused = 0
    for place in np.random.default_rng(1).integers(0, len(whole), 150):
        data = bytearray(whole)
        data[place] ^= 1 << int(place % 8)
        path.write_bytes(data)
        try:
            read = ZipImages(path)[0]
        except InvalidInputError:
            refused += 1
        else:
            np.testing.assert_array_equal(read, pixels)
    assert refused > 100


def test_a_way_of_packing_that_is_not_known_and_a_locked_member(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", {"1.png": flat(0)})
    data = bytearray(path.read_bytes())
    start = data.index(b"PK\x01\x02")
    for offset, value in ((10, 97), (8, 1)):  # the method, and the flag of an encrypted member
        changed = bytearray(data)
        changed[start + offset] = value
        path.write_bytes(changed)
        with pytest.raises(InvalidInputError, match=r"1\.png in .* is damaged"):
            ZipImages(path)[0]


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.zip")
    with pytest.raises(InvalidInputError, match="no regular file"):
        ZipImages(tmp_path / "a.zip")
    with pytest.raises(InvalidInputError, match="cannot be read"):
        ZipImages(tmp_path / "absent.zip")


def test_images_survive_pickling(tmp_path: Path) -> None:
    images = ZipImages(archive(tmp_path / "a.zip", {"1.png": flat(3)}))
    assert images[0].max() == 3
    assert pickle.loads(pickle.dumps(images))[0].max() == 3


def test_the_centre_is_cut() -> None:
    image = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    cropped = CroppedImages([image], 4)
    np.testing.assert_array_equal(cropped[0], image[1:5, 2:6])
    assert len(cropped) == 1
    with pytest.raises(InvalidInputError, match="6 × 8 px; a central 7 px do not fit"):
        CroppedImages([image], 7)[0]
